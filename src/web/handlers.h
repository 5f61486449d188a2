/* The functions behind the routes (routes.c); what each one takes and gives is in openapi.json. */
#ifndef DN_WEB_HANDLERS_H
#define DN_WEB_HANDLERS_H

#include "study/tables/review.h"
#include "web/routes.h"

dn_handler dn_get_page, dn_get_asset, dn_get_openapi;                                            /* assets.c */
dn_handler dn_get_about;                                                                         /* about.c */
dn_handler dn_post_upload, dn_put_upload_begin, dn_put_upload, dn_get_upload, dn_delete_upload;  /* uploads.c */
dn_handler dn_post_job;                                                                          /* job_create.c */
dn_handler dn_get_jobs, dn_get_job, dn_post_cancel, dn_post_again, dn_put_person, dn_delete_job; /* jobs.c */
dn_handler dn_get_result;                                                                        /* results.c */
dn_handler dn_get_file, dn_get_zip, dn_get_scan;                                                 /* downloads.c */
dn_handler dn_post_version_begin, dn_post_version, dn_put_review;                                /* versions.c */
dn_handler dn_get_groups, dn_post_group, dn_delete_group;                                        /* groups.c */
dn_handler dn_put_participants;                                                                  /* group_people.c */
dn_handler dn_get_group, dn_get_picture, dn_get_thumbnail, dn_put_row_review, dn_get_table;      /* group_view.c */
dn_handler dn_post_compare, dn_get_comparison_file;                                              /* group_compare.c */
dn_handler dn_get_models, dn_post_model;                                                         /* models.c */
dn_handler dn_get_events, dn_get_job_events;                                                     /* events.c */
dn_handler dn_get_trainings, dn_get_curves;                                                      /* trainings.c */

/* "female", "male", NULL: not given; 400. job_create.c. */
DN_CHECKED dn_status dn_body_sex(const dn_request *request, dn_reply *reply, const char **out);

/* A person's word from the body; 400. Release it, also after a failure. versions.c. */
DN_CHECKED dn_status dn_body_review(const dn_request *request, dn_reply *reply, dn_review *out);

/* Files of a folder as a zip archive. files: [{"name"}]; name: of the archive, without its end. downloads.c. */
DN_CHECKED dn_status dn_reply_zip(const dn_web *web, dn_reply *reply, const char *folder, const json_t *files, const char *name);

#endif
