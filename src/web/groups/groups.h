/* A group: scans of the page, or those of a finished run over a data set, with a table of participants. */
#ifndef DN_WEB_GROUPS_H
#define DN_WEB_GROUPS_H

#include "base/table.h"
#include "web/groups/kept.h"
#include "web/request.h"

/* One measured scan. Owned. */
typedef struct dn_member {
    char key[17];             /* in addresses */
    char *name;               /* for people */
    char *table;              /* path of its volumes */
    char *picture;            /* path; it need not be there */
    char *thumbnail;          /* path at which a small one is kept, made at the first request */
    char *job;                /* NULL: of a run */
    double age;               /* as the page knows it; NaN: not */
    char *sex;                /* NULL: not known */
    const dn_kept_scan *scan; /* what was measured; held */
    size_t person;            /* row of participants; DN_TABLE_NONE: none */
} dn_member;

typedef struct dn_page_group {
    char *id, *name, *source; /* owned; source: "jobs", "folder" */
    char *folder;             /* owned; of the run; NULL: scans of the page */
    char *place;              /* owned; STATE/groups/ID */
    dn_member *member;        /* owned */
    size_t count;
    int64_t listed;   /* scans of the page that are in it, measured or not */
    dn_kept *kept;    /* the server's */
    dn_table *people; /* owned; the participants table; NULL: there is none */
} dn_page_group;

/* The group that the request's first part names, with the volumes of its scans as they are now; only: key of the one scan that is wanted
 * (the group is without members where it has none of that key); NULL: all. 404. Release with dn_group_release, also after a failure. */
DN_CHECKED dn_status dn_group_open(dn_request *request, dn_reply *reply, const char *only, dn_page_group *out);
void dn_group_release(dn_page_group *group);
/* NULL: there is none. */
dn_member *dn_group_member(const dn_page_group *group, const char *key);
/* A cell of its gathered row; NULL: missing. */
const char *dn_member_text(const dn_member *member, const char *column);
/* Its volume of that column in mm3; NaN: not measured. */
double dn_member_volume(const dn_member *member, const char *column);
bool dn_member_accepted(const dn_member *member);

/* Scans that could not be measured, [{"name", "reason"}], and ids of those that wait or run. Both owned, also after a failure.
 * group_failed.c. */
DN_CHECKED dn_status dn_group_without(dn_web *web, const dn_page_group *group, json_t **failed, json_t **pending);

/* Folders that the server was given become groups. */
DN_CHECKED dn_status dn_groups_take_folders(dn_web *web);

/* What groups keep of a scan that is deleted (group_forget.c): the comparisons of its groups, and its person's row in their participants
 * tables where no other scan of the group is of that person. *groups: the groups that it is in, owned; before its row goes. */
DN_CHECKED dn_status dn_groups_of_job(dn_web *web, const char *job, json_t **groups);
/* Called before the scan's row goes, so that a kill in between leaves nothing, and once more after it, for comparisons that were running. A
 * group without scans goes. Everything is tried; the first failure is returned. */
DN_CHECKED dn_status dn_groups_forget(dn_web *web, const json_t *groups, const char *job);
/* Whether the group still has the scans with which it was opened; 409. For what is written from them: after it was written. */
DN_CHECKED dn_status dn_group_check_whole(dn_web *web, dn_reply *reply, const dn_page_group *group);

/* The participants table of a group (group_people.c). A table that has ids in a column of another name gets participant_id. *out: owned;
 * NULL: there is none. */
DN_CHECKED dn_status dn_group_people_read(const dn_page_group *group, dn_table **out);
/* Finds each member's row. DN_ENOMEM. */
DN_CHECKED dn_status dn_group_people_match(dn_page_group *group);
/* Names of the members that no row is for, and of the rows that no member is for. Owned. */
json_t *dn_group_unmatched_rows(const dn_page_group *group);
json_t *dn_group_unmatched_people(const dn_page_group *group);
/* A row of the table as an object: numbers are numbers. Owned; null: none. */
json_t *dn_group_person_json(const dn_page_group *group, const dn_member *member);
/* What a comparison needs of the people, with the age and the sex that the page knows where the table has none: a table with
 * participant_id. */
DN_CHECKED dn_status dn_group_people_write(const dn_page_group *group, const char *path);

#endif
