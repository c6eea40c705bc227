#include "cache/sync/heartbeat.h"

#include <glib.h>

#include "codec/limits.h"

/* A path that held so often at its limit may hold longer: what cut it may have been an accident. */
enum { TRUST_AFTER = 4 };

static void settle(struct heartbeat *beat)
{
    beat->ask = CLAMP(beat->ask, beat->least, MAX(beat->least, MIN(beat->most, beat->path)));
}

void heartbeat_init(struct heartbeat *beat)
{
    *beat = (struct heartbeat){
        .ask = LIMIT_HEARTBEAT_FIRST_S,
        .least = LIMIT_HEARTBEAT_LEAST_S,
        .most = LIMIT_HEARTBEAT_MOST_S,
        .path = LIMIT_HEARTBEAT_MOST_S,
    };
}

void heartbeat_held(struct heartbeat *beat)
{
    beat->held = beat->ask >= beat->path ? beat->held + 1 : 0;
    if (beat->held >= TRUST_AFTER) {
        beat->path = MIN(beat->path + beat->path / 4, LIMIT_HEARTBEAT_MOST_S);
        beat->held = 0;
    }
    beat->ask += beat->ask / 2;
    settle(beat);
}

bool heartbeat_cut(struct heartbeat *beat, int lasted)
{
    if (lasted < beat->least)
        return false;
    beat->path = MAX(beat->least, MIN(lasted, beat->ask) * 4 / 5);
    beat->held = 0;
    settle(beat);
    return true;
}

bool heartbeat_told(struct heartbeat *beat, int wanted)
{
    if (wanted < 1 || wanted > LIMIT_HEARTBEAT_TOLD_S || wanted == beat->ask)
        return false;
    if (wanted < beat->ask)
        beat->most = wanted;
    else
        beat->least = wanted;
    beat->least = MIN(beat->least, wanted);
    beat->most = MAX(beat->most, wanted);
    beat->ask = wanted;
    return true;
}

void heartbeat_new_path(struct heartbeat *beat)
{
    beat->path = LIMIT_HEARTBEAT_MOST_S;
    beat->held = 0;
}
