/* The one extended attribute that is ours and not an item's. */
#ifndef FS_MOUNT_XATTR_H
#define FS_MOUNT_XATTR_H

/* On the root of a mount, answered but not listed: the path of its state directory. */
#define XATTR_STATE_DIR "user.eas.state-dir"

#endif
