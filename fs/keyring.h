/* The desktop's keyring, by the Secret Service: one secret an account and kind ("password", "refresh-token"). It talks
 * over D-Bus from a thread of its library: call it after daemon_begin, never before the fork. */
#ifndef FS_KEYRING_H
#define FS_KEYRING_H

enum keyring_end {
    KEYRING_DONE,
    KEYRING_NOTHING, /* it holds no such secret */
    KEYRING_LOCKED,  /* and nobody unlocked it */
    KEYRING_ABSENT,  /* nobody answers for one */
};

/* *secret is the caller's to wipe and free; *why (caller frees) is a reason for a person, unless KEYRING_DONE. */
enum keyring_end keyring_find(const char *account, const char *kind, char **secret, char **why);
/* Replaces what there is. Durable when it returns KEYRING_DONE. */
enum keyring_end keyring_store(const char *account, const char *kind, const char *secret, char **why);
enum keyring_end keyring_forget(const char *account, const char *kind, char **why);

#endif
