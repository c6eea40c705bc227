/* Any properties at all, of any class, as a file. The input is a list of operations that build an
 * ApplicationData, so that the fuzzer reaches the translations and not only the WBXML reader.
 * Aborts where the file is not what every reader may rely on: the same twice, UTF-8, CRLF at the end
 * of every line and nowhere else, content lines of at most 75 octets, lines of built mail of
 * at most 998, iCalendar that libical reads without an error, a name that can be given to a file. */
#include <libical/ical.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/files/files.h"
#include "codec/files/names.h"
#include "codec/limits.h"
#include "tests/fuzz/build.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static void demand(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "fuzz_files: %s\n", what);
    abort();
}

static void check_lines(const char *text, size_t length, size_t longest)
{
    size_t start = 0;

    demand(g_utf8_validate(text, length, NULL), "the file is not UTF-8");
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r')
            demand(i + 1 < length && text[i + 1] == '\n', "a lone CR");
        if (text[i] != '\n')
            continue;
        demand(i > start && text[i - 1] == '\r', "a lone LF");
        demand(i - 1 - start <= longest, "a line too long");
        start = i + 1;
    }
    demand(start == length, "the last line is open");
}

static void check_ical(const char *text, size_t length)
{
    g_autofree char *copy = g_strndup(text, length);
    icalcomponent *calendar = icalparser_parse_string(copy);

    demand(calendar && icalcomponent_isa(calendar) == ICAL_VCALENDAR_COMPONENT, "libical reads no calendar");
    demand(icalcomponent_count_errors(calendar) == 0, "libical reads an error");
    icalcomponent_free(calendar);
}

static void check_file(enum eas_class class, const struct eas_node *data, const struct file_context *context)
{
    g_autofree char *reason = NULL;
    g_autofree char *reason_again = NULL;
    g_autoptr(GBytes) file = file_from_item(class, data, context, &reason);
    g_autoptr(GBytes) again = file_from_item(class, data, context, &reason_again);
    size_t length;

    demand(!file == !again, "refused once, written once");
    if (!file) {
        demand(reason != NULL, "refused without a reason");
        return;
    }
    demand(g_bytes_equal(file, again), "two files of one item");

    const char *text = g_bytes_get_data(file, &length);
    if (class != EAS_MAIL)
        check_lines(text, length, 75);
    else if (g_strstr_len(text, length, "X-EAS-Rebuilt: "))
        check_lines(text, length, 998);
    if (class != EAS_MAIL && class != EAS_CONTACTS)
        check_ical(text, length);
}

static void check_name(enum eas_class class, const struct eas_node *data, unsigned number)
{
    g_autofree char *title = file_title(class, data);
    g_autofree char *name = name_generate(class, 0, title, number);
    g_autofree char *normal = g_utf8_normalize(name, -1, G_NORMALIZE_NFC);
    g_autofree char *folder = name_folder(title, number);

    demand(name_is_allowed(name) && strlen(name) <= LIMIT_NAME_BYTES, "a name that cannot be given");
    demand(g_str_has_suffix(name, eas_classes[class].ending), "a name without its ending");
    demand(g_str_equal(name, normal), "a name that is not NFC");
    demand(!strchr(".-~ ", *name), "a name that begins badly");
    demand(name_is_allowed(folder) && strlen(folder) <= LIMIT_NAME_BYTES, "a folder that cannot be made");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    struct file_context context = {.uid = "urn:uuid:0d5e6f2a-1111-5222-8333-444455556666", .user = "me@example.org"};

    if (length < 2)
        return 0;

    enum eas_class class = bytes[0] % EAS_CLASSES;
    context.vcard_version = bytes[1] & 1 ? 3 : 4;
    context.version = bytes[1] & 2 ? EAS_14_1 : EAS_16_1;
    struct eas_node *data = build_item(bytes + 2, length - 2);
    check_file(class, data, &context);
    check_name(class, data, bytes[1]);
    eas_node_free(data);
    return 0;
}
