#include "codec/files/contact.h"

#include "codec/files/mailbox.h"

static void append_word(GString *line, const char *word)
{
    if (!word || !*word)
        return;
    if (line->len > 0)
        g_string_append_c(line, ' ');
    g_string_append(line, word);
}

char *contact_full_name(const struct eas_node *data)
{
    static const eas_tag words[] = {TAG_Contacts_FirstName, TAG_Contacts_MiddleName, TAG_Contacts_LastName,
                                    TAG_Contacts_Suffix};
    static const eas_tag stand_ins[] = {TAG_Contacts_FileAs,
                                        TAG_Contacts2_NickName,
                                        TAG_Contacts_CompanyName,
                                        TAG_Contacts_Email1Address,
                                        TAG_Contacts_Email2Address,
                                        TAG_Contacts_Email3Address,
                                        TAG_Contacts_MobilePhoneNumber,
                                        TAG_Contacts_BusinessPhoneNumber,
                                        TAG_Contacts_HomePhoneNumber};
    g_autoptr(GString) full = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        append_word(full, eas_node_text(data, words[i]));
    for (size_t i = 0; i < G_N_ELEMENTS(stand_ins) && full->len == 0; i++)
        append_word(full, eas_node_text(data, stand_ins[i]));
    return g_strdup(full->str);
}
