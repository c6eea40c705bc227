/* Contacts as vCard. Each row of the mapping is tested with a literal value of the wire and the
 * literal property: catches a property lost, misplaced, unescaped, folded inside a character, a
 * birthday a day off, and anything that changes from one run to the next. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/item_data.h"
#include "tests/unit/shared.h"

static const struct file_context v3 = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666", .vcard_version = 3};
static const struct file_context v4 = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666", .vcard_version = 4};

#define C(name) TAG_Contacts_##name
#define C2(name) TAG_Contacts2_##name

/* One element, the property in either version. */
static const struct {
    eas_tag tag;
    const char *value, *v3, *v4;
} rows[] = {
    {C(LastName), "Doe", "N:Doe;;;;", "N:Doe;;;;"},
    {C(FirstName), "Jane", "N:;Jane;;;", "N:;Jane;;;"},
    {C(MiddleName), "Q", "N:;;Q;;", "N:;;Q;;"},
    {C(Title), "Dr.", "N:;;;Dr.;", "N:;;;Dr.;"},
    {C(Suffix), "Jr.", "N:;;;;Jr.", "N:;;;;Jr."},
    {C2(NickName), "Janie", "NICKNAME:Janie", "NICKNAME:Janie"},
    {C(YomiFirstName), "ジェーン", "X-PHONETIC-FIRST-NAME:ジェーン", "X-PHONETIC-FIRST-NAME:ジェーン"},
    {C(YomiLastName), "ドウ", "X-PHONETIC-LAST-NAME:ドウ", "X-PHONETIC-LAST-NAME:ドウ"},
    {C(YomiCompanyName), "コントソ", "X-PHONETIC-ORG:コントソ", "X-PHONETIC-ORG:コントソ"},
    {C(CompanyName), "Contoso, Ltd.", "ORG:Contoso\\, Ltd.", "ORG:Contoso\\, Ltd."},
    {C(Department), "Sales", "ORG:;Sales", "ORG:;Sales"},
    {C(JobTitle), "Engineer", "TITLE:Engineer", "TITLE:Engineer"},
    {C(Email1Address), "jane@example.org", "EMAIL;TYPE=INTERNET:jane@example.org", "EMAIL:jane@example.org"},
    {C(Email1Address), "\"Doe, Jane\" <jane@example.org>",
     "EMAIL;TYPE=INTERNET;X-EAS-NAME=\"Doe, Jane\":jane@example.org",
     "EMAIL;X-EAS-NAME=\"Doe, Jane\":jane@example.org"},
    {C(Email1Address), "\"jane@example.org\" <jane@example.org>", "EMAIL;TYPE=INTERNET:jane@example.org",
     "EMAIL:jane@example.org"},
    {C(Email1Address), "\"J \\\"^\\\" D\" <jane@example.org>",
     "EMAIL;TYPE=INTERNET;X-EAS-NAME=J ^'^^^' D:jane@example.org", "EMAIL;X-EAS-NAME=J ^'^^^' D:jane@example.org"},
    {C(Email2Address), "j@example.org", "EMAIL;TYPE=INTERNET:j@example.org", "EMAIL:j@example.org"},
    {C(Email3Address), "EX:/o=Contoso/cn=jane", "EMAIL;TYPE=INTERNET:EX:/o=Contoso/cn=jane",
     "EMAIL:EX:/o=Contoso/cn=jane"},
    {C(BusinessPhoneNumber), "+1 425 555 0100", "TEL;TYPE=WORK,VOICE:+1 425 555 0100",
     "TEL;TYPE=work,voice:+1 425 555 0100"},
    {C(Business2PhoneNumber), "1", "TEL;TYPE=WORK,VOICE:1", "TEL;TYPE=work,voice:1"},
    {C(HomePhoneNumber), "2", "TEL;TYPE=HOME,VOICE:2", "TEL;TYPE=home,voice:2"},
    {C(Home2PhoneNumber), "3", "TEL;TYPE=HOME,VOICE:3", "TEL;TYPE=home,voice:3"},
    {C(MobilePhoneNumber), "4", "TEL;TYPE=CELL:4", "TEL;TYPE=cell:4"},
    {C(CarPhoneNumber), "5", "TEL;TYPE=CAR:5", "TEL;TYPE=x-car:5"},
    {C(PagerNumber), "6", "TEL;TYPE=PAGER:6", "TEL;TYPE=pager:6"},
    {C(BusinessFaxNumber), "7", "TEL;TYPE=WORK,FAX:7", "TEL;TYPE=work,fax:7"},
    {C(HomeFaxNumber), "8", "TEL;TYPE=HOME,FAX:8", "TEL;TYPE=home,fax:8"},
    {C(RadioPhoneNumber), "9", "TEL;TYPE=X-RADIO:9", "TEL;TYPE=x-radio:9"},
    {C(AssistantPhoneNumber), "10", "TEL;TYPE=X-ASSISTANT:10", "TEL;TYPE=x-assistant:10"},
    {C2(CompanyMainPhone), "11", "TEL;TYPE=WORK,X-COMPANY:11", "TEL;TYPE=work,x-company:11"},
    {C2(MMS), "12", "TEL;TYPE=X-MMS:12", "TEL;TYPE=x-mms:12"},
    {C2(IMAddress), "jane@im.example.org", "IMPP:im:jane@im.example.org", "IMPP:im:jane@im.example.org"},
    {C2(IMAddress2), "xmpp:jane@example.org", "IMPP:xmpp:jane@example.org", "IMPP:xmpp:jane@example.org"},
    {C2(IMAddress3), "jane doe", "IMPP:im:jane%20doe", "IMPP:im:jane%20doe"},
    {C(BusinessAddressStreet), "1 Main St; rear", "ADR;TYPE=WORK:;;1 Main St\\; rear;;;;",
     "ADR;TYPE=work:;;1 Main St\\; rear;;;;"},
    {C(BusinessAddressCity), "Redmond", "ADR;TYPE=WORK:;;;Redmond;;;", "ADR;TYPE=work:;;;Redmond;;;"},
    {C(BusinessAddressState), "WA", "ADR;TYPE=WORK:;;;;WA;;", "ADR;TYPE=work:;;;;WA;;"},
    {C(BusinessAddressPostalCode), "98052", "ADR;TYPE=WORK:;;;;;98052;", "ADR;TYPE=work:;;;;;98052;"},
    {C(BusinessAddressCountry), "USA", "ADR;TYPE=WORK:;;;;;;USA", "ADR;TYPE=work:;;;;;;USA"},
    {C(HomeAddressStreet), "2 Oak\r\nFlat 3", "ADR;TYPE=HOME:;;2 Oak\\nFlat 3;;;;",
     "ADR;TYPE=home:;;2 Oak\\nFlat 3;;;;"},
    {C(HomeAddressCity), "Kirkland", "ADR;TYPE=HOME:;;;Kirkland;;;", "ADR;TYPE=home:;;;Kirkland;;;"},
    {C(HomeAddressState), "WA", "ADR;TYPE=HOME:;;;;WA;;", "ADR;TYPE=home:;;;;WA;;"},
    {C(HomeAddressPostalCode), "98033", "ADR;TYPE=HOME:;;;;;98033;", "ADR;TYPE=home:;;;;;98033;"},
    {C(HomeAddressCountry), "USA", "ADR;TYPE=HOME:;;;;;;USA", "ADR;TYPE=home:;;;;;;USA"},
    {C(OtherAddressStreet), "3 Elm", "ADR:;;3 Elm;;;;", "ADR:;;3 Elm;;;;"},
    {C(OtherAddressCity), "Berlin", "ADR:;;;Berlin;;;", "ADR:;;;Berlin;;;"},
    {C(OtherAddressState), "BE", "ADR:;;;;BE;;", "ADR:;;;;BE;;"},
    {C(OtherAddressPostalCode), "10115", "ADR:;;;;;10115;", "ADR:;;;;;10115;"},
    {C(OtherAddressCountry), "Germany", "ADR:;;;;;;Germany", "ADR:;;;;;;Germany"},
    {C(WebPage), "https://example.org/~jane?a=1,2;b", "URL:https://example.org/~jane?a=1,2;b",
     "URL:https://example.org/~jane?a=1,2;b"},
    /* MS-ASCNTC 4.1 writes birthdays so; the second is midnight of a zone two hours east. */
    {C(Birthday), "1980-05-06T11:59:00.000Z", "BDAY:1980-05-06", "BDAY:19800506"},
    {C(Birthday), "1980-05-05T22:00:00.000Z", "BDAY:1980-05-06", "BDAY:19800506"},
    {C(Birthday), "1980-05-06T00:00:00.000Z", "BDAY:1980-05-06", "BDAY:19800506"},
    {C(Birthday), "1979-12-31T12:00:00.000Z", "BDAY:1980-01-01", "BDAY:19800101"},
    {C(Birthday), "1604-02-29T11:59:00.000Z", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29", "BDAY:--0229"},
    {C(Birthday), "1601-02-03T00:00:00.000Z", "BDAY:1601-02-03", "BDAY:16010203"},
    {C(Anniversary), "2005-06-07T11:59:00.000Z", "X-ANNIVERSARY:2005-06-07", "ANNIVERSARY:20050607"},
    {C(Spouse), "John Doe", "X-SPOUSE:John Doe", "RELATED;TYPE=spouse;VALUE=text:John Doe"},
    {C(AssistantName), "Ann", "X-ASSISTANT:Ann", "RELATED;TYPE=x-assistant;VALUE=text:Ann"},
    {C2(ManagerName), "Max", "X-MANAGER:Max", "RELATED;TYPE=x-manager;VALUE=text:Max"},
    {C(Body), "from 2.5", "NOTE:from 2.5", "NOTE:from 2.5"},
    {C(FileAs), "Doe, Jane", "X-EAS-FILE-AS:Doe\\, Jane", "X-EAS-FILE-AS:Doe\\, Jane"},
    {C(OfficeLocation), "36/1234", "X-EAS-OFFICE-LOCATION:36/1234", "X-EAS-OFFICE-LOCATION:36/1234"},
    {C2(AccountName), "acct", "X-EAS-ACCOUNT-NAME:acct", "X-EAS-ACCOUNT-NAME:acct"},
    {C2(CustomerId), "C1", "X-EAS-CUSTOMER-ID:C1", "X-EAS-CUSTOMER-ID:C1"},
    {C2(GovernmentId), "G1", "X-EAS-GOVERNMENT-ID:G1", "X-EAS-GOVERNMENT-ID:G1"},
    {C(Alias), "janed", "X-EAS-ALIAS:janed", "X-EAS-ALIAS:janed"},
    {C(WeightedRank), "7", "X-EAS-WEIGHTED-RANK:7", "X-EAS-WEIGHTED-RANK:7"},
    /* One pixel, and what is nothing known. */
    {C(Picture), "/9j/4AAQSkZJRg==", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==",
     "PHOTO:data:image/jpeg;base64,/9j/4AAQSkZJRg=="},
    {C(Picture), "iVBORw0K\r\nGgoAAAAN", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgoAAAAN",
     "PHOTO:data:image/png;base64,iVBORw0KGgoAAAAN"},
    {C(Picture), "R0lGODlhAQ==", "PHOTO;ENCODING=b;TYPE=GIF:R0lGODlhAQ==", "PHOTO:data:image/gif;base64,R0lGODlhAQ=="},
    {C(Picture), "AAECAw==", "PHOTO;ENCODING=b:AAECAw==", "PHOTO:data:application/octet-stream;base64,AAECAw=="},
};

static void every_row_has_its_property(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(eas_node) data = ITEM({rows[i].tag, rows[i].value});
        g_autofree char *old = item_file(EAS_CONTACTS, data, &v3);
        g_autofree char *new = item_file(EAS_CONTACTS, data, &v4);

        if (!has_line(old, rows[i].v3))
            fail_msg("no %s in\n%s", rows[i].v3, old);
        if (!has_line(new, rows[i].v4))
            fail_msg("no %s in\n%s", rows[i].v4, new);
    }
}

/* The rows of the table that rows[] above does not name would go untested. */
static void every_row_is_tested(void **state)
{
    (void)state;
    static const eas_tag elements[] = {
#define PROPERTY(sections, form, v3, v4, ...) __VA_ARGS__,
#include "codec/files/contact.def"
#undef PROPERTY
    };
    static const eas_tag in_lists[] = {C(Categories), C(Category), C(Children), C(Child), TAG_AirSyncBase_Body};

    for (size_t i = 0; i < G_N_ELEMENTS(elements); i++) {
        bool tested = false;

        for (size_t n = 0; n < G_N_ELEMENTS(rows); n++)
            tested |= rows[n].tag == elements[i];
        for (size_t n = 0; n < G_N_ELEMENTS(in_lists); n++)
            tested |= in_lists[n] == elements[i];
        if (!tested)
            fail_msg("%s is not tested", eas_tag_name(elements[i]));
    }
}

static void a_whole_card(void **state)
{
    (void)state;
    g_autoptr(eas_node) data =
        ITEM({C(FileAs), "Doe, Jane"}, {C(FirstName), "Jane"}, {C(LastName), "Doe"}, {C(Title), "Dr."},
             {C(Email1Address), "jane@example.org"}, {C(Email2Address), "j@example.org"}, {C(Categories), NULL},
             {C(Category), "Work, old"}, {C(Category), "Friends"}, {EAS_TAG_NONE, NULL}, {C(Children), NULL},
             {C(Child), "Tim"}, {C(Child), "Tom"}, {EAS_TAG_NONE, NULL}, {TAG_AirSyncBase_Body, NULL},
             {TAG_AirSyncBase_Type, "1"}, {TAG_AirSyncBase_Data, "one\r\ntwo"});
    g_autofree char *file = item_file(EAS_CONTACTS, data, &v3);

    assert_string_equal(file, "BEGIN:VCARD\n"
                              "VERSION:3.0\n"
                              "PRODID:-//easfs//EN\n"
                              "UID:urn:uuid:0d5e6f2a-1111-5222-8333-444455556666\n"
                              "FN:Jane Doe\n"
                              "N:Doe;Jane;;Dr.;\n"
                              "EMAIL;TYPE=INTERNET:jane@example.org\n"
                              "EMAIL;TYPE=INTERNET:j@example.org\n"
                              "X-CHILD:Tim\n"
                              "X-CHILD:Tom\n"
                              "CATEGORIES:Work\\, old,Friends\n"
                              "NOTE:one\\ntwo\n"
                              "X-EAS-FILE-AS:Doe\\, Jane\n"
                              "END:VCARD\n");

    g_autofree char *again = item_file(EAS_CONTACTS, data, &v3);
    assert_string_equal(file, again);

    g_autofree char *new = item_file(EAS_CONTACTS, data, &v4);
    assert_true(has_line(new, "VERSION:4.0"));
    assert_true(has_line(new, "RELATED;TYPE=child;VALUE=text:Tom"));
    assert_true(has_line(new, "CATEGORIES:Work\\, old,Friends"));
}

static void names_fall_back(void **state)
{
    (void)state;
    static const struct {
        eas_tag tag;
        const char *value, *line;
    } names[] = {
        {C(FileAs), "Doe, Jane", "FN:Doe\\, Jane"},
        {C2(NickName), "Janie", "FN:Janie"},
        {C(CompanyName), "Contoso", "FN:Contoso"},
        {C(Email2Address), "j@example.org", "FN:j@example.org"},
        {C(MobilePhoneNumber), "555", "FN:555"},
        {C(JobTitle), "x", "FN:untitled"},
        {C(LastName), "Doe", "FN:Doe"},
        {C(Suffix), "III", "FN:III"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(eas_node) data = ITEM({names[i].tag, names[i].value});
        g_autofree char *file = item_file(EAS_CONTACTS, data, &v3);

        assert_true(has_line(file, names[i].line));
    }
}

static void what_says_nothing_is_left_out(void **state)
{
    (void)state;
    static const struct item_row nothing[] = {
        {C(JobTitle), ""},
        {C(Email1Address), ""},
        {C2(IMAddress), " "},
        {C(WebPage), "\n"},
        {C(Birthday), "soon"},
        {C(Birthday), ""},
        {C(Birthday), "4501-01-01T00:00:00.000Z"},
        {C(Picture), ""},
        {C(Picture), "not base64!"},
        {C(Body), ""},
        {C(Categories), ""},
        {C(Children), ""},
        {C(JobTitle), "\x01\x02"},
        {C(HomeAddressCity), ""},
        {C(Anniversary), "1601-01-01T00:00:00.000Z"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(nothing); i++) {
        g_autoptr(eas_node) data = ITEM(nothing[i]);
        g_autofree char *file = item_file(EAS_CONTACTS, data, &v3);

        assert_string_equal(file,
                            "BEGIN:VCARD\nVERSION:3.0\nPRODID:-//easfs//EN\n"
                            "UID:urn:uuid:0d5e6f2a-1111-5222-8333-444455556666\nFN:untitled\nN:;;;;\nEND:VCARD\n");
    }
}

static void html_notes_become_text(void **state)
{
    (void)state;
    static const struct {
        const char *html, *line;
    } notes[] = {
        {"<html><head><title>x</title><style>p{}</style></head><body><p>One</p><p>Two &amp; "
         "&lt;3&gt;</p></body></html>",
         "NOTE:One\\nTwo & <3>"},
        {"a<br>b<br/>c", "NOTE:a\\nb\\nc"},
        {"<!-- no --><div>x&#228;&#x1F600;&unknown;&nbsp;y</div>", "NOTE:xä😀&unknown\\; y"},
        {"1 < 2 & 3", "NOTE:1 < 2 & 3"},
        {"a\vb", "NOTE:ab"},
        {"cut <b", "NOTE:cut"},
        {"<script>alert(1)", NULL},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(notes); i++) {
        g_autoptr(eas_node) data =
            ITEM({TAG_AirSyncBase_Body, NULL}, {TAG_AirSyncBase_Type, "2"}, {TAG_AirSyncBase_Data, notes[i].html});
        g_autofree char *file = item_file(EAS_CONTACTS, data, &v3);

        if (notes[i].line && !has_line(file, notes[i].line))
            fail_msg("no %s in\n%s", notes[i].line, file);
        if (!notes[i].line)
            assert_null(strstr(file, "NOTE"));
    }
}

static void a_picture_may_come_as_bytes(void **state)
{
    (void)state;
    static const char jpeg[] = "\xff\xd8\xff\xe0\x00\x10JFIF";
    g_autoptr(eas_node) data = eas_node_new(TAG_AirSync_ApplicationData, NULL);
    struct eas_node *picture = eas_node_add(data, C(Picture), "");

    g_free(picture->text);
    picture->text = g_memdup2(jpeg, sizeof jpeg);
    picture->length = sizeof jpeg - 1;
    picture->opaque = true;

    g_autofree char *file = item_file(EAS_CONTACTS, data, &v3);
    assert_true(has_line(file, "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg=="));
}

/* Lines of at most 75 octets, each fold between characters, every line ended by CRLF. */
static void lines_are_folded_between_characters(void **state)
{
    (void)state;
    static const char *const units[] = {"x", "é", "語", "😀", "\\;,", "\n"};

    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        g_autoptr(GString) note = g_string_new(NULL);

        while (note->len < 4096)
            g_string_append(note, units[i]);

        g_autoptr(eas_node) data = ITEM({C(Body), note->str}, {C(FirstName), note->str});
        g_autofree char *reason = NULL;
        g_autoptr(GBytes) file = file_from_contact(data, &v3, &reason);
        g_autofree char *text = g_strndup(g_bytes_get_data(file, NULL), g_bytes_get_size(file));
        g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

        for (char **line = lines; *line; line++) {
            assert_true(strlen(*line) <= 75);
            assert_true(g_utf8_validate(*line, -1, NULL));
            assert_null(strpbrk(*line, "\r\n"));
            assert_true(*line[0] || !line[1]);
        }
    }
}

/* The property as its reader gets it back: unfolded, unescaped. */
static void escaping_is_undone_to_the_same_text(void **state)
{
    (void)state;
    static const char note[] = "back\\slash, comma; semi \"quoted\" é 😀\ttab\nline";
    g_autoptr(eas_node) data = ITEM({C(Body), note});
    g_autofree char *file = item_file(EAS_CONTACTS, data, &v3);
    const char *at = strstr(file, "\nNOTE:");
    g_autoptr(GString) back = g_string_new(NULL);

    assert_non_null(at);
    for (at += strlen("\nNOTE:"); *at != '\n'; at++) {
        if (*at == '\\')
            at++;
        g_string_append_c(back, at[-1] == '\\' && *at == 'n' ? '\n' : *at);
    }
    assert_string_equal(back->str, note);
}

/* The recorded answer of a server with real contacts: all of them become cards; two are known. */
static void recorded_contacts(void **state)
{
    (void)state;
    static const char recorded[] = "protocol/vectors/sync-response-contact_sync_wm61.wbxml";
    SKIP_WITHOUT(shared_has(recorded), recorded);
    g_autoptr(GBytes) bytes = shared_file(recorded);
    static const char *const known[] = {
        "FN:L'Enclos St Honoré -\nN:-;L'Enclos St Honoré;;;\nTITLE:RESTAURANT\n"
        "TEL;TYPE=WORK,VOICE:(01) 42 60 12 77\nADR;TYPE=WORK:;;;PARIS;;75001;\n"
        "X-EAS-FILE-AS:L'Enclos St Honoré\nEND:VCARD",
        "FN:LE LATINI\nN:LE LATINI;;;;\nTITLE:Restaurant\nTEL;TYPE=WORK,VOICE:+33 514 861 3166\n"
        "ADR;TYPE=WORK:;;;Montréal;;;\nX-EAS-FILE-AS:LE LATINI\nEND:VCARD",
    };
    int cards = 0, found[G_N_ELEMENTS(known)] = {0};

    g_autoptr(eas_node) root = eas_node_parse(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), NULL);
    const struct eas_node *collection =
        eas_node_child(eas_node_child(root, TAG_AirSync_Collections), TAG_AirSync_Collection);
    const struct eas_node *add = eas_node_child(eas_node_child(collection, TAG_AirSync_Commands), TAG_AirSync_Add);

    for (; add; add = eas_node_next(add), cards++) {
        g_autofree char *file = item_file(EAS_CONTACTS, eas_node_child(add, TAG_AirSync_ApplicationData), &v3);

        assert_non_null(file);
        assert_true(g_str_has_prefix(file, "BEGIN:VCARD\nVERSION:3.0\n"));
        assert_true(g_str_has_suffix(file, "\nEND:VCARD\n"));
        assert_false(has_line(file, "FN:untitled"));
        for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
            found[i] += has_line(file, known[i]);
    }
    assert_int_equal(cards, 100);
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
        assert_int_equal(found[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_its_property),
        cmocka_unit_test(every_row_is_tested),
        cmocka_unit_test(a_whole_card),
        cmocka_unit_test(names_fall_back),
        cmocka_unit_test(what_says_nothing_is_left_out),
        cmocka_unit_test(html_notes_become_text),
        cmocka_unit_test(a_picture_may_come_as_bytes),
        cmocka_unit_test(lines_are_folded_between_characters),
        cmocka_unit_test(escaping_is_undone_to_the_same_text),
        cmocka_unit_test(recorded_contacts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
