/* Cards that users write. Catches: a value in another place than its type says, one that is lost without a word, a card
 * that programs of the last thirty years write and that is refused, an unedited card that is sent, a Change that clears
 * what it should keep or keeps what it should clear, decoration that a change on the server wipes out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "codec/limits.h"
#include "tests/unit/edit_check.h"
#include "tests/unit/item_data.h"

#define C(name) TAG_Contacts_##name
#define C2(name) TAG_Contacts2_##name
#define CARD(lines) "BEGIN:VCARD\nVERSION:3.0\nFN:Jane Doe\nN:Doe;Jane;;;\n" lines "END:VCARD\n"
#define OLD(lines) "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Doe;Jane\r\n" lines "END:VCARD\r\n"
#define NEW(lines) "BEGIN:VCARD\nVERSION:4.0\nFN:Jane Doe\nN:Doe;Jane;;;\n" lines "END:VCARD\n"

static void each_line_goes_where_its_type_says(void **state)
{
    static const struct {
        const char *card;
        eas_tag tag;
        const char *text; /* NULL: absent */
    } rows[] = {
        {CARD("TEL;TYPE=WORK:1\n"), C(BusinessPhoneNumber), "1"},
        {CARD("TEL;TYPE=WORK,VOICE:1\nTEL;TYPE=work:2\n"), C(Business2PhoneNumber), "2"},
        {CARD("TEL;TYPE=HOME,CELL:1\n"), C(MobilePhoneNumber), "1"},
        {CARD("TEL;TYPE=WORK,FAX:1\n"), C(BusinessFaxNumber), "1"},
        {CARD("TEL;TYPE=FAX;TYPE=HOME:1\n"), C(HomeFaxNumber), "1"},
        {CARD("TEL;TYPE=FAX:1\n"), C(BusinessFaxNumber), "1"},
        {CARD("TEL;TYPE=X-RADIO:1\n"), C(RadioPhoneNumber), "1"},
        {CARD("TEL;TYPE=WORK,X-COMPANY:1\n"), C2(CompanyMainPhone), "1"},
        {CARD("TEL;TYPE=X-EVOLUTION-ASSISTANT:1\n"), C(AssistantPhoneNumber), "1"},
        {CARD("item1.TEL:1\nitem1.X-ABLabel:_$!<Mobile>!$_\n"), C(MobilePhoneNumber), "1"},
        /* A second mobile number at work is a number at work. */
        {CARD("TEL;TYPE=CELL:1\nTEL;TYPE=CELL,WORK:2\n"), C(BusinessPhoneNumber), "2"},
        /* What has no place of its own takes none from what has. */
        {CARD("TEL:1\nTEL;TYPE=WORK:2\nTEL;TYPE=WORK:3\n"), C(HomePhoneNumber), "1"},
        {CARD("TEL:1\nTEL;TYPE=WORK:2\nTEL;TYPE=WORK:3\n"), C(BusinessPhoneNumber), "2"},
        {CARD("TEL;TYPE=CELL:1\nTEL;TYPE=CELL:1\n"), C(MobilePhoneNumber), "1"},
        {NEW("TEL;VALUE=uri;TYPE=\"voice,home\":tel:+1-555-555;ext=1\n"), C(HomePhoneNumber), "+1-555-555;ext=1"},
        {CARD("EMAIL:a@x\nEMAIL;TYPE=PREF:b@x\n"), C(Email1Address), "b@x"},
        {CARD("EMAIL:a@x\nEMAIL;TYPE=PREF:b@x\n"), C(Email2Address), "a@x"},
        {NEW("EMAIL;PREF=2:a@x\nEMAIL;PREF=1:b@x\n"), C(Email1Address), "b@x"},
        {CARD("EMAIL;X-EAS-NAME=\"Doe, Jane\":a@x\n"), C(Email1Address), "\"Doe, Jane\" <a@x>"},
        {CARD("EMAIL:mailto:a@x\n"), C(Email1Address), "a@x"},
        {CARD("ADR;TYPE=WORK:Box 7;Suite 3;1 Main\\; rear;Redmond;WA;98052;USA\n"), C(BusinessAddressStreet),
         "Box 7\nSuite 3\n1 Main; rear"},
        {CARD("ADR;TYPE=WORK:;;1 Main;Redmond;WA;98052;USA\n"), C(BusinessAddressCountry), "USA"},
        {CARD("ADR;TYPE=HOME:;;a;;;;\nADR;TYPE=HOME:;;b;;;;\n"), C(OtherAddressStreet), "b"},
        {CARD("ADR;TYPE=dom,postal:;;a;;;;\n"), C(OtherAddressStreet), "a"},
        {CARD("ORG:Contoso;Sales;North\n"), C(Department), "Sales; North"},
        {CARD("ORG:Contoso\\, Ltd.\n"), C(CompanyName), "Contoso, Ltd."},
        {CARD("X-SPOUSE:John\n"), C(Spouse), "John"},
        {CARD("X-EVOLUTION-SPOUSE:John\n"), C(Spouse), "John"},
        {CARD("X-SPOUSE:John\nX-MS-SPOUSE:John\n"), C(Spouse), "John"},
        {NEW("RELATED;TYPE=spouse;VALUE=text:John\n"), C(Spouse), "John"},
        {NEW("RELATED;TYPE=spouse:urn:uuid:1\n"), C(Spouse), NULL},
        {NEW("RELATED;TYPE=friend;VALUE=text:Bob\n"), C(Spouse), NULL},
        {CARD("item2.X-ABRELATEDNAMES:Max\nitem2.X-ABLabel:_$!<Manager>!$_\n"), C2(ManagerName), "Max"},
        {CARD("X-JABBER:jane@example.org\n"), C2(IMAddress), "xmpp:jane@example.org"},
        {CARD("IMPP:im:jane%20doe\n"), C2(IMAddress), "jane doe"},
        {CARD("URL:http\\://example.org/?a\\,b\n"), C(WebPage), "http://example.org/?a,b"},
        {CARD("BDAY:1980-05-06\n"), C(Birthday), "1980-05-06T11:59:00.000Z"},
        {CARD("BDAY:19800506T231000Z\n"), C(Birthday), "1980-05-06T11:59:00.000Z"},
        {NEW("BDAY:--0506\n"), C(Birthday), "1604-05-06T11:59:00.000Z"},
        {CARD("BDAY;X-APPLE-OMIT-YEAR=1904:1904-05-06\n"), C(Birthday), "1604-05-06T11:59:00.000Z"},
        {CARD("X-ABDATE;TYPE=anniversary:2001-02-03\n"), C(Anniversary), "2001-02-03T11:59:00.000Z"},
        {CARD("X-EAS-CUSTOMER-ID:c1\n"), C2(CustomerId), "c1"},
        {CARD("X-EAS-ALIAS:a\n"), C(Alias), NULL},
        {CARD("PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\n SkZJRg==\n"), C(Picture), "/9j/4AAQSkZJRg=="},
        {NEW("PHOTO:data:image/png;base64,iVBORw0KGgoAAAAN\n"), C(Picture), "iVBORw0KGgoAAAAN"},
        {CARD("PHOTO;VALUE=uri:http://example.org/jane.jpg\n"), C(Picture), NULL},
        {OLD("PHOTO;ENCODING=BASE64;JPEG:\r\n /9j/4AAQ\r\n SkZJRg==\r\n\r\n"), C(Picture), "/9j/4AAQSkZJRg=="},
        {OLD("TEL;HOME;FAX:1\r\n"), C(HomeFaxNumber), "1"},
        {OLD("TITLE;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:M=FC=\r\nller\r\n"), C(JobTitle), "Müller"},
        {OLD("TITLE;CHARSET=ISO-8859-1:M\xfcller\r\n"), C(JobTitle), "Müller"},
        {OLD("ADR;WORK;QUOTED-PRINTABLE:;;1 Main=0D=0Arear;R\r\n"), C(BusinessAddressStreet), "1 Main\nrear"},
        {OLD("TITLE:a, b\\; c\\d\r\n"), C(JobTitle), "a, b; c\\d"},
        {OLD("AGENT:\r\nBEGIN:VCARD\r\nTITLE:x\r\nEND:VCARD\r\nTITLE:y\r\n"), C(JobTitle), "y"},
        {"\xef\xbb\xbf" CARD("TITLE:folded \n  here\n"), C(JobTitle), "folded  here"},
        {"BEGIN:VCARD\nFN:Contoso\nN:;;;;\nORG:Contoso\nEND:VCARD\n", C(FileAs), NULL},
        {"BEGIN:VCARD\nVERSION:4.0\nFN:The Does\nEND:VCARD\n", C(FileAs), "The Does"},
        {"BEGIN:VCARD\nFN:JD the Great\nN:Doe;Jane\nEND:VCARD\n", C(FileAs), "JD the Great"},
        {"BEGIN:VCARD\nFN:Doe\\, Jane\nN:Doe;Jane\nEND:VCARD\n", C(FileAs), "Doe, Jane"},
        {CARD("X-EAS-FILE-AS:Doe\\, Jane\n"), C(FileAs), "Doe, Jane"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = edit_read(EAS_CONTACTS, rows[i].card);
        const char *text = eas_node_text(data, rows[i].tag);

        if (g_strcmp0(text, rows[i].text) != 0)
            fail_msg("%s is \"%s\", not \"%s\", of\n%s", eas_tag_name(rows[i].tag), text, rows[i].text, rows[i].card);
        assert_untouched(EAS_CONTACTS, data, &edit_context);
    }
}

static void lists_and_notes(void **state)
{
    g_autoptr(eas_node) data = edit_read(EAS_CONTACTS, CARD("CATEGORIES:Work\\, old,Friends\nCATEGORIES:Friends\n"
                                                            "X-CHILD:Tim\nX-CHILD:Tom\nNOTE:one\\ntwo\nNOTE:three\n"));
    const struct eas_node *categories = eas_node_child(data, C(Categories)),
                          *children = eas_node_child(data, C(Children));

    (void)state;
    assert_string_equal(categories->first->text, "Work, old");
    assert_string_equal(categories->first->next->text, "Friends");
    assert_string_equal(children->first->text, "Tim");
    assert_string_equal(children->last->text, "Tom");
    assert_string_equal(eas_node_text(eas_node_child(data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data),
                        "one\ntwo\n\nthree");
    assert_untouched(EAS_CONTACTS, data, &edit_context);
}

static void what_cannot_be_written_says_why(void **state)
{
    g_autofree char *large = g_strnfill(LIMIT_PICTURE_TEXT, 'A');
    g_autofree char *photo =
        g_strconcat("BEGIN:VCARD\nFN:x\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/", large, "\nEND:VCARD\n", NULL);
    g_autoptr(GString) many = g_string_new("BEGIN:VCARD\nFN:x\n");
    for (int i = 0; i <= LIMIT_CATEGORIES; i++)
        g_string_append_printf(many, "X-CHILD:%d\n", i);
    g_string_append(many, "END:VCARD\n");
    const struct {
        const char *card, *word;
    } rows[] = {
        {"", "no vCard"},
        {"hello\n", "beside its card"},
        {"BEGIN:VCARD\nFN:x\n", "ends in the middle"},
        {CARD("") CARD(""), "several cards"},
        {CARD("no colon\n"), "no colon"},
        {"BEGIN:VCARD\nVERSION:3.0\nUID:1\nEND:VCARD\n", "says nothing"},
        {CARD("KIND:group\n"), "group"},
        {CARD("X-ADDRESSBOOKSERVER-KIND:group\n"), "group"},
        {CARD("TEL;TYPE=CELL:1\nTEL;TYPE=CELL:2\nTEL;TYPE=CELL:3\n"), "TEL;TYPE=cell"},
        {CARD("EMAIL:a@x\nEMAIL:b@x\nEMAIL:c@x\nEMAIL:d@x\n"), "\"d@x\""},
        {CARD("URL:a\nURL:b\n"), "URL"},
        {CARD("ADR:;;a\nADR:;;b\n"), "ADR"},
        {CARD("BDAY:1980\n"), "no whole date"},
        {CARD("BDAY;VALUE=text:about 1980\n"), "no whole date"},
        {CARD("BDAY:1980-02-31\n"), "no whole date"},
        {CARD("BDAY:1492-10-12\n"), "1601"},
        {CARD("PHOTO;ENCODING=b;TYPE=WEBP:UklGRg==\n"), "neither JPEG nor PNG"},
        {CARD("PHOTO;ENCODING=b:!!\n"), "no picture"},
        {photo, "larger than"},
        {many->str, "300"},
        {CARD("TITLE:M\xfcller\n"), "UTF-8"},
        {CARD("TITLE;CHARSET=x-unknown:M\xfcller\n"), "x-unknown"},
        {CARD("TITLE;CHARSET=../../etc:x\n"), "character set"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *reason = edit_refusal(EAS_CONTACTS, rows[i].card, strlen(rows[i].card));

        if (!strstr(reason, rows[i].word))
            fail_msg("\"%s\" says nothing of %s", reason, rows[i].word);
    }
    g_autofree char *nul = edit_refusal(EAS_CONTACTS, "BEGIN:VCARD\nFN:a\0b\nEND:VCARD\n", 31);
    assert_non_null(strstr(nul, "no text"));
}

static void identity_and_title(void **state)
{
    static const char card[] = CARD("UID:urn:uuid:42\n");
    struct written written;
    char *reason;

    (void)state;
    assert_true(file_read(EAS_CONTACTS, card, strlen(card), &edit_context, &written, &reason));
    assert_string_equal(written.uid, "urn:uuid:42");
    assert_string_equal(written.title, "Jane Doe");
    written_clear(&written);
}

/* Places that are empty in between, dates at other hours, names beside addresses, HTML: as servers hold them. */
static struct eas_node *on_the_server(void)
{
    return ITEM({C(FirstName), "Jane"}, {C(LastName), "Doe"}, {C(FileAs), "Doe, Jane"},
                {C(Email2Address), "\"J\" <j@x>"}, {C(Business2PhoneNumber), "2"},
                {C(Birthday), "1980-05-05T22:00:00.000Z"}, {C(JobTitle), "Chief"}, {C(Spouse), " John\r\n"},
                {C(HomeAddressCity), "Kirkland"}, {C2(IMAddress3), "jane@im"}, {C(WeightedRank), "7"},
                {TAG_AirSyncBase_NativeBodyType, "2"}, {TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, "2"},
                {TAG_AirSyncBase_EstimatedDataSize, "9"}, {TAG_AirSyncBase_Data, "<p>one</p>"});
}

static void what_nobody_touched_is_not_sent(void **state)
{
    (void)state;
    for (int version = 3; version <= 4; version++) {
        g_autoptr(eas_node) data = on_the_server();
        struct file_context context = edit_context;

        context.vcard_version = version;
        assert_untouched(EAS_CONTACTS, data, &context);
    }
}

static const enum eas_version versions[] = {EAS_12_1, EAS_14_0, EAS_14_1, EAS_16_0, EAS_16_1};

static void a_change_is_the_whole_contact(void **state)
{
    (void)state;
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(eas_node) base = on_the_server();
        g_autofree char *file = edit_file(EAS_CONTACTS, base, &edit_context);
        g_auto(GStrv) cut = g_strsplit(file, "TITLE:Chief\n", 2);
        g_autofree char *edited = g_strconcat(cut[0], "TEL;TYPE=CELL:5\n", cut[1], NULL);
        g_autoptr(eas_node) mine = edit_read(EAS_CONTACTS, edited);
        g_autofree char *differ = edit_differences(EAS_CONTACTS, base, mine);
        g_autoptr(GPtrArray) commands = item_commands(EAS_CONTACTS, versions[v], base, mine, NULL);
        const struct item_command *command = commands->pdata[0];
        const struct eas_node *title = eas_node_child(command->data, C(JobTitle));
        const struct eas_node *body = eas_node_child(command->data, TAG_AirSyncBase_Body);

        assert_string_equal(differ, "TITLE TEL;TYPE=cell");
        assert_int_equal(commands->len, 1);
        assert_int_equal(command->kind, ITEM_CHANGE);
        assert_valid(EAS_CONTACTS, versions[v], commands);
        /* What is as before stays in its place and spelling. */
        assert_string_equal(eas_node_text(command->data, C(Email2Address)), "\"J\" <j@x>");
        assert_string_equal(eas_node_text(command->data, C(Business2PhoneNumber)), "2");
        assert_string_equal(eas_node_text(command->data, C(Birthday)), "1980-05-05T22:00:00.000Z");
        assert_string_equal(eas_node_text(command->data, C(FileAs)), "Doe, Jane");
        assert_string_equal(eas_node_text(body, TAG_AirSyncBase_Data), "<p>one</p>");
        assert_null(eas_node_child(body, TAG_AirSyncBase_EstimatedDataSize));
        assert_null(eas_node_child(command->data, C(WeightedRank)));
        assert_string_equal(eas_node_text(command->data, C(MobilePhoneNumber)), "5");
        /* Gone: empty up to 14.1, absent later. */
        assert_int_equal(title != NULL, versions[v] < EAS_16_0);
        if (title)
            assert_string_equal(title->text, "");
    }
}

static void everything_can_be_cleared(void **state)
{
    (void)state;
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(eas_node) base = on_the_server();
        g_autoptr(eas_node) mine = edit_read(EAS_CONTACTS, "BEGIN:VCARD\nVERSION:3.0\nFN:Jim\nN:;Jim;;;\nEND:VCARD\n");
        g_autoptr(GPtrArray) commands = item_commands(EAS_CONTACTS, versions[v], base, mine, NULL);
        const struct item_command *command = commands->pdata[0];

        assert_valid(EAS_CONTACTS, versions[v], commands);
        assert_same(EAS_CONTACTS, command->data, mine, "cleared");
        assert_string_equal(eas_node_text(command->data, C(FileAs)), "Jim");
        assert_string_equal(eas_node_text(eas_node_child(command->data, TAG_AirSyncBase_Body), TAG_AirSyncBase_Data),
                            "");
        assert_null(eas_node_child(command->data, C(Birthday)));
    }
}

static void a_new_contact_has_a_name_to_be_found_by(void **state)
{
    (void)state;
    for (size_t v = 0; v < G_N_ELEMENTS(versions); v++) {
        g_autoptr(eas_node) mine = edit_read(EAS_CONTACTS, CARD("NOTE:n\nCATEGORIES:a\nBDAY:1980-05-06\n"
                                                                "PHOTO;ENCODING=b:/9j/4AAQSkZJRg==\nX-FOO:bar\n"));
        g_autoptr(GPtrArray) commands = item_commands(EAS_CONTACTS, versions[v], NULL, mine, "uid");
        const struct item_command *command = commands->pdata[0];

        assert_int_equal(commands->len, 1);
        assert_int_equal(command->kind, ITEM_ADD);
        assert_string_equal(eas_node_text(command->data, C(FileAs)), "Jane Doe");
        assert_valid(EAS_CONTACTS, versions[v], commands);
        assert_same(EAS_CONTACTS, command->data, mine, "added");
    }
}

/* FileAs by the pattern that it had, or as a person wants it. */
static void file_as_follows_the_names(void **state)
{
    static const struct {
        const char *before, *card, *after;
    } rows[] = {
        {"Doe, Jane", "N:Smith;Jane;;;\nFN:Jane Smith\nX-EAS-FILE-AS:Doe\\, Jane\n", "Smith, Jane"},
        {"Jane Doe", "N:Smith;Jane;;;\nFN:Jane Smith\n", "Jane Smith"},
        {"JD", "N:Smith;Jane;;;\nFN:JD\nX-EAS-FILE-AS:JD\n", "JD"},
        {"JD", "N:Doe;Jane;;;\nFN:JD the Second\nX-EAS-FILE-AS:JD\n", "JD the Second"},
        {"JD", "N:Doe;Jane;;;\nFN:Jane Doe\n", "Jane Doe"},
        {"Doe, Jane", "N:Doe;Jane;;;\nFN:Jane Doe\nX-EAS-FILE-AS:Jane Doe\n", "Jane Doe"},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) base = ITEM({C(FirstName), "Jane"}, {C(LastName), "Doe"}, {C(FileAs), rows[i].before});
        g_autofree char *card = g_strconcat("BEGIN:VCARD\nVERSION:3.0\n", rows[i].card, "END:VCARD\n", NULL);
        g_autoptr(eas_node) mine = edit_read(EAS_CONTACTS, card);
        g_autoptr(GPtrArray) commands = item_commands(EAS_CONTACTS, EAS_14_1, base, mine, NULL);
        const char *sent = commands->len ? eas_node_text(((struct item_command *)commands->pdata[0])->data, C(FileAs))
                                         : rows[i].before;

        assert_string_equal(sent, rows[i].after);
    }
    /* What a server made of the names itself is nothing that a user took away. */
    g_autoptr(eas_node) theirs = ITEM({C(FirstName), "Jane"}, {C(LastName), "Doe"}, {C(FileAs), "Doe, Jane"});
    g_autoptr(eas_node) mine = edit_read(EAS_CONTACTS, CARD(""));
    assert_same(EAS_CONTACTS, theirs, mine, "FileAs of the server's making");
}

static void merged_by_property(void **state)
{
    static const struct {
        const char *mine, *theirs, *title, *mobile, *conflict;
    } rows[] = {
        {"TITLE:a\nTEL;TYPE=CELL:2\n", "TITLE:b\nTEL;TYPE=CELL:1\n", "b", "2", NULL},
        {"TITLE:c\nTEL;TYPE=CELL:1\n", "TITLE:b\nTEL;TYPE=CELL:1\n", NULL, NULL, "TITLE"},
        {"TITLE:b\nTEL;TYPE=CELL:1\n", "TITLE:b\nTEL;TYPE=CELL:3\n", "b", "3", NULL},
        {"TEL;TYPE=CELL:1\n", "TITLE:a\nTEL;TYPE=CELL:3\n", NULL, "3", NULL},
    };

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *one = g_strconcat("BEGIN:VCARD\nFN:x\n", rows[i].mine, "END:VCARD\n", NULL);
        g_autofree char *two = g_strconcat("BEGIN:VCARD\nFN:x\n", rows[i].theirs, "END:VCARD\n", NULL);
        g_autoptr(eas_node) base = edit_read(EAS_CONTACTS, "BEGIN:VCARD\nFN:x\nTITLE:a\nTEL;TYPE=CELL:1\nEND:VCARD\n");
        g_autoptr(eas_node) mine = edit_read(EAS_CONTACTS, one), theirs = edit_read(EAS_CONTACTS, two);
        const char *property;
        g_autoptr(eas_node) merged = item_merge(EAS_CONTACTS, base, mine, theirs, &property);

        assert_int_equal(!merged, rows[i].conflict != NULL);
        if (!merged) {
            assert_string_equal(property, rows[i].conflict);
            continue;
        }
        assert_string_equal(eas_node_text(merged, C(MobilePhoneNumber)), rows[i].mobile);
        if (g_strcmp0(eas_node_text(merged, C(JobTitle)), rows[i].title) != 0)
            fail_msg("row %zu", i);
    }
}

static void decoration_stays_when_the_server_moves_on(void **state)
{
    static const char mine[] = "BEGIN:VCARD\nVERSION:3.0\nPRODID:-//x//\nUID:mine\nREV:20260101T000000Z\nFN:Jane Doe\n"
                               "N:Doe;Jane;;;\nitem1.TEL;TYPE=iPhone,CELL,pref:1\nitem1.X-ABLabel:private\n"
                               "item2.EMAIL;TYPE=INTERNET,HOME:a@x\nitem2.X-ABLabel:at home\nTITLE:Chief\nROLE:Boss\n"
                               "X-FOO;BAR=baz:a\\;b\nGEO:1;2\nEND:VCARD\n";
    g_autoptr(eas_node) moved = edit_read(EAS_CONTACTS, mine);
    g_autoptr(GBytes) previous = g_bytes_new_static(mine, strlen(mine));
    g_autofree char *reason = NULL;

    (void)state;
    eas_node_free(eas_node_take(moved, C(Email1Address)));
    eas_node_free(eas_node_take(moved, C(JobTitle)));
    eas_node_add(moved, C(JobTitle), "President");
    eas_node_add(moved, C(Spouse), "John");
    g_autoptr(GBytes) file = file_refresh(EAS_CONTACTS, moved, &edit_context, previous, &reason);
    g_autofree char *text = g_strndup(g_bytes_get_data(file, NULL), g_bytes_get_size(file));

    assert_string_equal(text,
                        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//x//\r\nUID:mine\r\nFN:Jane Doe\r\nN:Doe;Jane;;;\r\n"
                        "item1.TEL;TYPE=iPhone,CELL,pref:1\r\nitem1.X-ABLabel:private\r\nTITLE:President\r\n"
                        "ROLE:Boss\r\nX-FOO;BAR=baz:a\\;b\r\nGEO:1;2\r\nX-SPOUSE:John\r\nEND:VCARD\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_line_goes_where_its_type_says),
        cmocka_unit_test(lists_and_notes),
        cmocka_unit_test(what_cannot_be_written_says_why),
        cmocka_unit_test(identity_and_title),
        cmocka_unit_test(what_nobody_touched_is_not_sent),
        cmocka_unit_test(a_change_is_the_whole_contact),
        cmocka_unit_test(everything_can_be_cleared),
        cmocka_unit_test(a_new_contact_has_a_name_to_be_found_by),
        cmocka_unit_test(file_as_follows_the_names),
        cmocka_unit_test(merged_by_property),
        cmocka_unit_test(decoration_stays_when_the_server_moves_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
