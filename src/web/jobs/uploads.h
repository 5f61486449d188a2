/* Uploads: files on their way in, in STATE/uploads/ID, numbered, with the list of them in files.json. What has been received is what is on
 * the disk, so an upload goes on after a cut connection and after a kill of the server. */
#ifndef DN_WEB_UPLOADS_H
#define DN_WEB_UPLOADS_H

#include "web/routes.h"

/* A file's name as the client gave it: never a path that is opened. */
#define DN_UPLOAD_LIST "files.json"

typedef struct dn_upload {
    char *folder; /* owned */
    json_t *list; /* owned; [{"name", "size", "received"}] in the order of their numbers */
} dn_upload;

/* 404: there is no such upload. Release with dn_upload_release, also after a failure. */
DN_CHECKED dn_status dn_upload_open(dn_web *web, dn_reply *reply, const char *id, dn_upload *out);
void dn_upload_release(dn_upload *upload);
/* 409: not all bytes are there. */
DN_CHECKED dn_status dn_upload_check_whole(const dn_upload *upload, dn_reply *reply);
/* The path of the only file of an upload, or 400. *out: owned. */
DN_CHECKED dn_status dn_upload_single(const dn_upload *upload, dn_reply *reply, char **out);

/* Uploads that nobody has touched for a day are removed. */
void dn_uploads_clean(dn_web *web);

/* Whether the state's disk has room for so many bytes more, and some to work with. DN_EIO says how much is missing. */
DN_CHECKED dn_status dn_room_check(const dn_web *web, int64_t bytes);

#endif
