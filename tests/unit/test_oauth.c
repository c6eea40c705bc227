/* Access tokens in a session, against a scripted server that is issuer and mailbox in one. Catches: an access token
 * used before the refresh token that came with it is kept, one lost because nobody waited for it any more, two
 * refreshes at a time, a refused token refreshed for ever, a rotated token lost when it could not be kept, a password
 * sent beside a token. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "cache/server/oauth.h"
#include "tests/unit/lib/rig.h"

/* One world: the issuer's and the mailbox's state, and what happened in order, a letter each: T a token given, S one
 * saved, s one that could not be saved, N the issuer's no, 2 a served command, 4 a refused one. */
struct world {
    GMutex lock;
    GString *log;
    unsigned given; /* access-N is the newest */
    unsigned good;  /* access tokens from this one on are taken */
    char *refresh;  /* the only good one */
    char *kept;     /* by the client */
    bool cannot_save;
    bool silent;       /* the issuer says nothing */
    char *rotated;     /* what another process keeps as soon as the issuer has said no */
    const char *error; /* the issuer's no */
    struct link *cut;  /* interrupted while the issuer thinks */
    bool returned;     /* ... and it has come back from that */
    GCond back;
};

static void note(struct world *world, char letter)
{
    g_mutex_lock(&world->lock);
    g_string_append_c(world->log, letter);
    g_mutex_unlock(&world->lock);
}

/* The issuer has rotated the token by now; it says so when the asker has gone, or has shown for a while that it waits.
 */
static void interrupt_the_asker(struct world *world)
{
    gint64 end = g_get_monotonic_time() + G_USEC_PER_SEC / 2;

    link_interrupt(g_steal_pointer(&world->cut));
    g_mutex_lock(&world->lock);
    while (!world->returned && g_cond_wait_until(&world->back, &world->lock, end))
        ;
    g_mutex_unlock(&world->lock);
}

static void give_token(struct world *world, const struct script_request *request, struct script_reply *reply)
{
    g_autofree char *form = g_strndup((const char *)request->body->data, request->body->len);
    g_autofree char *wanted = g_strdup_printf("refresh_token=%s", world->refresh);
    g_autofree char *answer = NULL;
    bool granted = !world->error && strstr(form, wanted);

    if (world->cut)
        interrupt_the_asker(world);
    note(world, granted ? 'T' : 'N');
    if (world->rotated && !granted) {
        g_free(world->kept);
        world->kept = g_steal_pointer(&world->rotated);
    }
    if (granted) {
        world->given++;
        g_free(world->refresh);
        world->refresh = g_strdup_printf("refresh-%u", world->given);
        answer = g_strdup_printf("{\"access_token\":\"access-%u\",\"expires_in\":3600,\"refresh_token\":\"%s\"}",
                                 world->given, world->refresh);
    } else {
        answer = g_strdup_printf("{\"error\":\"%s\"}", world->error ? world->error : "invalid_grant");
    }
    script_reply_http(reply, granted ? 200 : 400, "Content-Type: application/json\r\n", answer, strlen(answer));
}

static void answer(void *ctx, const struct script_request *request, struct script_reply *reply)
{
    struct world *world = ctx;
    g_autofree char *login = script_request_header(request, "Authorization");
    unsigned number = 0;

    if (strcmp(request->target, "/token") == 0 && world->silent) {
        reply->hold = true;
        return;
    }
    if (strcmp(request->target, "/token") == 0) {
        give_token(world, request, reply);
        return;
    }
    bool taken = login && sscanf(login, "Bearer access-%u", &number) == 1 && number >= world->good;

    note(world, taken ? '2' : '4');
    if (taken)
        script_reply_document(reply, NULL, rig_answer(1));
    else
        script_reply_http(reply, 401, "WWW-Authenticate: Bearer\r\n", "", 0);
}

static char *load(void *ctx, char **why)
{
    struct world *world = ctx;

    *why = world->kept ? NULL : g_strdup("nothing is kept");
    return g_strdup(world->kept);
}

static bool save(void *ctx, const char *token, char **why)
{
    struct world *world = ctx;

    note(world, world->cannot_save ? 's' : 'S');
    if (world->cannot_save) {
        *why = g_strdup("the disk is full");
        return false;
    }
    g_free(world->kept);
    world->kept = g_strdup(token);
    return true;
}

static void begin(struct rig *rig, struct world *world)
{
    *world = (struct world){.log = g_string_new(NULL), .refresh = g_strdup("refresh-0"), .kept = g_strdup("refresh-0")};
    rig_start(rig, answer, world, NULL);
    rig_warm(rig);

    struct session_config *config = rig_config(rig);
    struct oauth_config *oauth = g_new0(struct oauth_config, 1);
    g_autofree char *base = script_server_url(rig->server);

    *oauth = (struct oauth_config){.client_id = g_strdup("me"),
                                   .token_endpoint = g_strconcat(base, "/token", NULL),
                                   .insecure_http = true,
                                   .load = load,
                                   .save = save,
                                   .ctx = world};
    config->auth = SESSION_AUTH_OAUTH;
    config->oauth = oauth;
    rig_session(rig, config);
    assert_non_null(rig->session);
}

static void end(struct rig *rig, struct world *world)
{
    rig_stop(rig);
    g_string_free(world->log, TRUE);
    g_free(world->refresh);
    g_free(world->kept);
}

static void a_rotated_token_is_kept_before_the_access_token_is_used(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    world.good = 2;
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_string_equal(world.log->str, "TS224TS2");
    assert_string_equal(world.kept, "refresh-2");
    end(&rig, &world);
}

static gpointer call_sync(gpointer link)
{
    return GINT_TO_POINTER(rig_call_on(link, EAS_SYNC).outcome);
}

static void many_that_are_refused_at_once_refresh_once(void **state)
{
    struct link *links[6];
    GThread *threads[6];
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    rig_call(&rig, EAS_SYNC);
    world.good = 2;
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        links[i] = link_new(rig.session);
        threads[i] = g_thread_new("call", call_sync, links[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        assert_int_equal(GPOINTER_TO_INT(g_thread_join(threads[i])), EAS_SERVED);
        link_free(links[i]);
    }
    assert_int_equal(world.given, 2);
    assert_string_equal(world.kept, "refresh-2");
    end(&rig, &world);
}

static void a_new_token_that_is_refused_too_is_the_end(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    world.good = 1000;
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    assert_int_equal(result.exit_code, 77);
    assert_int_equal(result.action, EAS_ACTION_LOGIN);
    rig_call(&rig, EAS_SYNC);
    assert_string_equal(world.log->str, "TS4TS4");
    session_log_in(rig.session, NULL);
    world.good = 0;
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_string_equal(world.log->str, "TS4TS4TS2");
    end(&rig, &world);
}

static void a_no_of_the_issuer_is_asked_for_once(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    world.error = "invalid_grant";
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    assert_int_equal(result.outcome, EAS_REFUSED);
    assert_int_equal(result.exit_code, 77);
    assert_int_equal(result.cause, EAS_CAUSE_OAUTH_EXPIRED);
    rig_call(&rig, EAS_SYNC);
    assert_string_equal(world.log->str, "N");
    end(&rig, &world);
}

static void a_token_that_cannot_be_kept_is_kept_later(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    world.cannot_save = true;
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    g_autofree char *notice = session_notice(rig.session);

    assert_non_null(strstr(notice, "the disk is full"));
    world.cannot_save = false;
    world.good = 2;
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_string_equal(world.log->str, "Ts24TS2");
    assert_string_equal(world.kept, "refresh-2");
    assert_null(session_notice(rig.session));
    end(&rig, &world);
}

static void a_token_rotated_by_another_process_is_found(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    g_free(world.refresh);
    world.refresh = g_strdup("refresh-of-another");
    world.rotated = g_strdup("refresh-of-another");
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_string_equal(world.log->str, "NTS2");
    end(&rig, &world);
}

static gpointer interrupt_later(gpointer data)
{
    struct rig *rig = data;

    script_server_await(rig->server, 1);
    link_interrupt(rig->link);
    return NULL;
}

static void who_waits_for_a_silent_issuer_can_be_interrupted(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    world.silent = true;
    GThread *thread = g_thread_new("interrupt", interrupt_later, &rig);
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    g_thread_join(thread);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    assert_string_equal(result.text, "interrupted");
    link_reset(rig.link);
    world.silent = false;
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    end(&rig, &world);
}

static void an_interruption_loses_no_rotated_token(void **state)
{
    struct world world;
    struct rig rig;

    (void)state;
    begin(&rig, &world);
    world.cut = rig.link;
    struct eas_result result = rig_call(&rig, EAS_SYNC);

    g_mutex_lock(&world.lock);
    world.returned = true;
    g_cond_signal(&world.back);
    g_mutex_unlock(&world.lock);
    assert_int_equal(result.outcome, EAS_UNREACHABLE);
    link_reset(rig.link);
    assert_int_equal(rig_call(&rig, EAS_SYNC).outcome, EAS_SERVED);
    assert_string_equal(world.kept, world.refresh);
    assert_string_equal(world.log->str, "TS2");
    end(&rig, &world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotated_token_is_kept_before_the_access_token_is_used),
        cmocka_unit_test(many_that_are_refused_at_once_refresh_once),
        cmocka_unit_test(a_new_token_that_is_refused_too_is_the_end),
        cmocka_unit_test(a_no_of_the_issuer_is_asked_for_once),
        cmocka_unit_test(a_token_that_cannot_be_kept_is_kept_later),
        cmocka_unit_test(a_token_rotated_by_another_process_is_found),
        cmocka_unit_test(an_interruption_loses_no_rotated_token),
        cmocka_unit_test(who_waits_for_a_silent_issuer_can_be_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
