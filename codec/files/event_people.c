#include "codec/files/event_people.h"

#include <string.h>

#include "codec/files/edit_class.h"
#include "codec/files/mailbox.h"
#include "codec/limits.h"

/* AttendeeStatus (MS-ASCAL 2.2.2.6) and ResponseType (2.2.2.40) have one numbering. */
enum { RESPONSE_TENTATIVE = 2, RESPONSE_DECLINED = 4, NOT_RESPONDED = 5 };
static const char *const answers[] = {
    [0] = "NEEDS-ACTION", [2] = "TENTATIVE", [3] = "ACCEPTED", [4] = "DECLINED", [5] = "NEEDS-ACTION",
};

/* AttendeeType (MS-ASCAL 2.2.2.7), as MS-OXCICAL 2.1.3.1.1.20.2 writes it. */
static const char *const roles[] = {
    [1] = "ROLE=REQ-PARTICIPANT",
    [2] = "ROLE=OPT-PARTICIPANT",
    [3] = "CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT",
};

enum { REQUIRED = 1, OPTIONAL = 2, RESOURCE = 3 };

static const char *word(const char *const *words, size_t count, long long number)
{
    return number >= 0 && number < (long long)count ? words[number] : NULL;
}

/* A calendar address; those without a mail address (X.500 names) keep only their name, and servers
 * that store iCalendar may hand on the whole of one. */
static char *calendar_address(const char *address)
{
    static const char scheme[] = "mailto:";
    if (!g_ascii_strncasecmp(address, scheme, strlen(scheme)))
        address += strlen(scheme);
    if (!strchr(address, '@'))
        return g_strdup("invalid:nomail");
    g_autofree char *escaped = g_uri_escape_string(address, "@!$'*+/=", true);
    return g_strconcat(scheme, escaped, NULL);
}

static void add_person(GString *out, const char *property, const char *name, const char *address)
{
    g_autoptr(GString) full = g_string_new(property);
    if (name && *name) {
        g_autofree char *value = content_parameter(name);
        g_string_append_printf(full, ";CN=%s", value);
    }
    g_autofree char *value = calendar_address(address);
    content_line(out, full->str, value);
}

static bool is_user(const struct event *event, const char *address)
{
    return event->context->user && !g_ascii_strcasecmp(event->context->user, address);
}

static const struct eas_node *first_attendee(const struct event *event)
{
    const struct eas_node *holder = event_holder(event, TAG_Calendar_Attendees);
    return eas_node_child(eas_node_child(holder, TAG_Calendar_Attendees), TAG_Calendar_Attendee);
}

void event_add_organizer(GString *out, const struct event *event)
{
    long long status = event_number(event, TAG_Calendar_MeetingStatus, 0);
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;
    if (!(status & MEETING) && !first_attendee(event))
        return;
    mailbox_split(event_text(event, TAG_Calendar_OrganizerEmail), &name, &address);
    const char *told = event_text(event, TAG_Calendar_OrganizerName);
    const char *who = *address ? address : status & MEETING_RECEIVED ? NULL : event->context->user;
    if (who)
        add_person(out, "ORGANIZER", told && *told ? told : name, who);
    else if (told && *told)
        add_person(out, "ORGANIZER", told, "");
}

/* Returns whether it is the user. own is what ResponseType says. */
static bool add_attendee(GString *out, const struct event *event, const struct eas_node *attendee, long long own)
{
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;
    mailbox_split(eas_node_text(attendee, TAG_Calendar_Email), &name, &address);
    const char *told = eas_node_text(attendee, TAG_Calendar_Name);
    const char *shown = told && *told ? told : name;
    if (!*address && !*shown)
        return false;

    bool user = is_user(event, address);
    long long status = eas_node_number(attendee, TAG_Calendar_AttendeeStatus, 0);
    if (user && own >= RESPONSE_TENTATIVE)
        status = own;
    const char *answer = word(answers, G_N_ELEMENTS(answers), status);
    const char *role = word(roles, G_N_ELEMENTS(roles), eas_node_number(attendee, TAG_Calendar_AttendeeType, 0));
    bool open = !answer || g_str_equal(answer, answers[0]);
    g_autoptr(GString) property = g_string_new("ATTENDEE");
    if (role)
        g_string_append_printf(property, ";%s", role);
    g_string_append_printf(property, ";PARTSTAT=%s", answer ? answer : answers[0]);
    if (open && event_number(event, TAG_Calendar_ResponseRequested, 0) == 1)
        g_string_append(property, ";RSVP=TRUE");
    add_person(out, property->str, shown, address);
    return user;
}

void event_add_attendees(GString *out, const struct event *event)
{
    long long own = event_number(event, TAG_Calendar_ResponseType, 0);
    bool listed = false;
    for (const struct eas_node *attendee = first_attendee(event); attendee; attendee = eas_node_next(attendee))
        if (add_attendee(out, event, attendee, own))
            listed = true;
    const char *answer = own >= RESPONSE_TENTATIVE ? word(answers, G_N_ELEMENTS(answers), own) : NULL;
    if (listed || !answer || !event->context->user)
        return;
    g_autofree char *property = g_strconcat("ATTENDEE;PARTSTAT=", answer, NULL);
    add_person(out, property, NULL, event->context->user);
}

/* ---- the other way ---- */

/* The address of a CAL-ADDRESS, "" for those that are none of mail's, or that no Email element could hold alone. */
static char *mail_address(icalproperty *property)
{
    g_autofree char *value = icalproperty_get_value_as_string_r(property);
    g_autofree char *plain = value ? g_uri_unescape_string(value, NULL) : NULL;
    const char *address = plain ? plain : value ? value : "";
    size_t length = strlen(address);

    if (length > 1 && plain && address[0] == '"' && address[length - 1] == '"') {
        plain[length - 1] = '\0'; /* some write it like a parameter */
        address++;
    }
    if (!g_ascii_strncasecmp(address, "mailto:", strlen("mailto:")))
        address += strlen("mailto:");
    g_autofree char *bare = g_strstrip(g_strdup(address));
    for (const char *at = bare; *at; at++)
        if ((unsigned char)*at < ' ' || strchr("\"<>();,\\\x7f", *at))
            return g_strdup("");
    return strchr(bare, '@') ? g_steal_pointer(&bare) : g_strdup("");
}

static bool same_address(const char *one, const char *other)
{
    return one && other && *one && !g_ascii_strcasecmp(one, other);
}

static int read_role(icalproperty *property)
{
    static const char *const resources[] = {"RESOURCE", "ROOM"}, *const optional[] = {"OPT-PARTICIPANT",
                                                                                      "NON-PARTICIPANT"};
    g_autofree char *kind = ical_parameter(property, "CUTYPE");
    g_autofree char *role = ical_parameter(property, "ROLE");

    if (ical_word(kind, resources, G_N_ELEMENTS(resources)) >= 0)
        return RESOURCE;
    return ical_word(role, optional, G_N_ELEMENTS(optional)) >= 0 ? OPTIONAL : REQUIRED;
}

static int read_answer(icalproperty *property)
{
    g_autofree char *partstat = ical_parameter(property, "PARTSTAT");
    int answer = ical_word(partstat, answers, G_N_ELEMENTS(answers));

    return answer >= RESPONSE_TENTATIVE && answer <= RESPONSE_DECLINED ? answer : NOT_RESPONDED;
}

/* Returns whether an answer is asked for. */
static bool read_attendee(const struct event_reader *reader, icalproperty *property, const char *address,
                          struct eas_node *list)
{
    g_autofree char *name = ical_parameter(property, "CN");
    g_autofree char *rsvp = ical_parameter(property, "RSVP");
    struct eas_node *attendee = eas_node_append(list, eas_node_new(TAG_Calendar_Attendee, NULL));
    int answer = read_answer(property);

    eas_node_add(attendee, TAG_Calendar_Email, address);
    eas_node_add(attendee, TAG_Calendar_Name, name && *name ? name : address);
    if (same_address(reader->file->context->user, address))
        ical_put_number(reader->own, TAG_Calendar_ResponseType, answer);
    else
        ical_put_number(attendee, TAG_Calendar_AttendeeStatus, answer);
    ical_put_number(attendee, TAG_Calendar_AttendeeType, read_role(property));
    return rsvp && !g_ascii_strcasecmp(rsvp, "TRUE");
}

static bool read_attendees(const struct event_reader *reader, const char *organizer, struct eas_node *list)
{
    icalproperty *property = ical_property(reader->component, ICAL_ATTENDEE_PROPERTY);
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bool asked = false;

    for (; property; property = icalcomponent_get_next_property(reader->component, ICAL_ATTENDEE_PROPERTY)) {
        g_autofree char *address = mail_address(property);
        char *key = g_ascii_strdown(address, -1);
        if (same_address(organizer, address) || (*key && g_hash_table_contains(seen, key))) {
            g_free(key);
            continue;
        }
        g_hash_table_add(seen, key);
        asked |= read_attendee(reader, property, address, list);
    }
    if (asked)
        ical_put_number(reader->own, TAG_Calendar_ResponseRequested, 1);
    if (g_hash_table_size(seen) <= LIMIT_ATTENDEES)
        return true;
    *reader->reason = g_strdup_printf("more than %d attendees", LIMIT_ATTENDEES);
    return false;
}

bool event_read_people(const struct event_reader *reader, bool cancelled)
{
    icalproperty *property = ical_property(reader->component, ICAL_ORGANIZER_PROPERTY);
    g_autofree char *organizer = property ? mail_address(property) : NULL;
    g_autofree char *name = property ? ical_parameter(property, "CN") : NULL;
    const char *user = reader->file->context->user;
    struct eas_node *list = eas_node_new(TAG_Calendar_Attendees, NULL);
    int status = cancelled ? MEETING_CANCELLED : 0;

    if (organizer && *organizer)
        eas_node_add(reader->own, TAG_Calendar_OrganizerEmail, organizer);
    ical_put_text(reader->own, TAG_Calendar_OrganizerName, name);
    /* Where nobody is said to be, the user is (event_add_organizer). */
    bool good = read_attendees(reader, property ? organizer : user, list);
    if (property && user && !same_address(user, organizer))
        status |= MEETING | MEETING_RECEIVED;
    /* The protocol knows of cancelled meetings only, with people or without. */
    if (list->first || cancelled)
        status |= MEETING;
    if (list->first)
        eas_node_append(reader->own, list);
    else
        eas_node_free(list);
    ical_put_number(reader->own, TAG_Calendar_MeetingStatus, status);
    return good;
}

/* ---- what people mean ---- */

char *event_address(const char *email)
{
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;

    mailbox_split(email, &name, &address);
    const char *plain =
        !g_ascii_strncasecmp(address, "mailto:", strlen("mailto:")) ? address + strlen("mailto:") : address;
    return g_ascii_strdown(strchr(plain, '@') ? plain : "", -1);
}

struct person {
    char *address, *name; /* small letters; as written, "" for none or the address */
    long long answer;     /* -1: not told; 0 for none yet */
    long long role;
    bool matched;
};

static void person_clear(void *given)
{
    struct person *person = given;

    g_free(person->address);
    g_free(person->name);
}

static struct person person_of(const struct eas_node *attendee)
{
    const char *email = eas_node_text(attendee, TAG_Calendar_Email), *told = eas_node_text(attendee, TAG_Calendar_Name);
    g_autofree char *name = NULL;
    g_autofree char *address = NULL;
    struct person person = {event_address(email)};

    mailbox_split(email, &name, &address);
    person.name = edit_text_of(told && *told ? told : name);
    if (!person.name || !g_ascii_strcasecmp(person.name, address)) {
        g_free(person.name);
        person.name = g_strdup("");
    }
    person.answer = eas_node_number(attendee, TAG_Calendar_AttendeeStatus, -1);
    if (person.answer >= 0 && (person.answer < RESPONSE_TENTATIVE || person.answer > RESPONSE_DECLINED))
        person.answer = 0;
    person.role = eas_node_number(attendee, TAG_Calendar_AttendeeType, REQUIRED);
    if (person.role < REQUIRED || person.role > RESOURCE)
        person.role = REQUIRED;
    return person;
}

/* Everybody but those two, who may be NULL, and entries that say nothing. */
static GArray *people_of(const struct eas_node *data, const char *organizer, const char *other_organizer)
{
    GArray *people = g_array_new(false, true, sizeof(struct person));
    const struct eas_node *attendee =
        eas_node_child(eas_node_child(data, TAG_Calendar_Attendees), TAG_Calendar_Attendee);

    g_array_set_clear_func(people, person_clear);
    for (; attendee; attendee = eas_node_next(attendee)) {
        struct person person = person_of(attendee);
        bool empty = !*person.address && !*person.name;
        if (empty || same_address(organizer, person.address) || same_address(other_organizer, person.address))
            person_clear(&person);
        else
            g_array_append_val(people, person);
    }
    return people;
}

static struct person *find_person(GArray *people, const struct person *like)
{
    for (guint i = 0; i < people->len; i++) {
        struct person *person = &g_array_index(people, struct person, i);
        if (person->matched || strcmp(person->address, like->address) != 0 ||
            (!*like->address && strcmp(person->name, like->name) != 0))
            continue;
        person->matched = true;
        return person;
    }
    return NULL;
}

static bool same_person(const struct person *one, const struct person *other)
{
    bool named = *one->name && *other->name;

    return one->role == other->role && (one->answer < 0 || other->answer < 0 || one->answer == other->answer) &&
           (!named || g_str_equal(one->name, other->name));
}

/* Whether an entry that the other side lacks is only how the user's own answer is shown. */
static bool is_own_answer(const struct person *person, const struct eas_node *other)
{
    return person->answer < 0 && eas_node_number(other, TAG_Calendar_ResponseType, 0) >= RESPONSE_TENTATIVE;
}

bool event_same_attendees(const struct eas_node *one, const struct eas_node *other)
{
    g_autofree char *first = event_address(eas_node_text(one, TAG_Calendar_OrganizerEmail));
    g_autofree char *second = event_address(eas_node_text(other, TAG_Calendar_OrganizerEmail));
    g_autoptr(GArray) people = people_of(one, first, second);
    g_autoptr(GArray) others = people_of(other, first, second);
    bool same = true;

    for (guint i = 0; i < people->len && same; i++) {
        const struct person *person = &g_array_index(people, struct person, i);
        const struct person *found = find_person(others, person);
        same = found ? same_person(person, found) : is_own_answer(person, other);
    }
    for (guint i = 0; i < others->len && same; i++) {
        const struct person *person = &g_array_index(others, struct person, i);
        same = person->matched || is_own_answer(person, one);
    }
    return same;
}

bool event_same_organizer(const struct eas_node *one, const struct eas_node *other)
{
    g_autofree char *first = event_address(eas_node_text(one, TAG_Calendar_OrganizerEmail));
    g_autofree char *second = event_address(eas_node_text(other, TAG_Calendar_OrganizerEmail));

    return !*first || !*second || g_str_equal(first, second);
}

static int answer_of(long long number)
{
    return number >= RESPONSE_TENTATIVE && number <= RESPONSE_DECLINED ? (int)number : 0;
}

int event_answer(const struct eas_node *data, const struct eas_node *other)
{
    long long told = eas_node_number(data, TAG_Calendar_ResponseType, 0);

    if (told >= RESPONSE_TENTATIVE)
        return answer_of(told);
    g_autoptr(GArray) people = people_of(data, NULL, NULL);
    g_autoptr(GArray) others = people_of(other, NULL, NULL);
    for (guint i = 0; i < others->len; i++) {
        const struct person *person = &g_array_index(others, struct person, i);
        const struct person *found = person->answer < 0 ? find_person(people, person) : NULL;
        if (found && found->answer > 0)
            return answer_of(found->answer);
    }
    return 0;
}
