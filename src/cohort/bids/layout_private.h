/* Shared by the files that walk a data set (layout.c: images, layout_dicom.c: DICOM files, layout_list.c: the list). */
#ifndef DN_COHORT_BIDS_LAYOUT_PRIVATE_H
#define DN_COHORT_BIDS_LAYOUT_PRIVATE_H

#include "base/bids_name.h"
#include "cohort/bids/layout.h"

#include <stdbool.h>

typedef struct dn_layout_names {
    char **name; /* owned */
    size_t count, room;
} dn_layout_names;

typedef struct dn_layout_walk {
    const char *dataset;
    const dn_bids_wanted *wanted;
    dn_bids_layout *out;
    size_t room, remark_room;
    bool *session_seen;       /* [wanted->session_count] */
    dn_layout_names sessions; /* all that there are, each once */
} dn_layout_walk;

DN_CHECKED dn_status dn_layout_names_add(dn_layout_names *list, const char *text);
void dn_layout_names_release(dn_layout_names *list);
/* A sentence more for the layout's remarks. */
DN_CHECKED dn_status dn_layout_remark(dn_layout_walk *it, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One scan more, zeroed. */
DN_CHECKED dn_status dn_layout_new_scan(dn_layout_walk *it, dn_bids_scan **out);
/* A folder that cannot be read, which may hold scans, as one that is unusable; why: a sentence. where: "sub-01/ses-2". */
DN_CHECKED dn_status dn_layout_add_unreadable(dn_layout_walk *it, const char *subject, const char *session, const char *where,
                                              const char *why);
/* Scans under names that are not UTF-8 become unusable, and nothing but their path has such bytes then. */
DN_CHECKED dn_status dn_layout_check_text(dn_bids_layout *layout);
/* Two scans that are one by their names would write one record: both become unusable, unless one is already. */
DN_CHECKED dn_status dn_layout_find_twins(dn_bids_layout *layout);
/* Notes a session that is there. *wanted: it was asked for, or none was. */
DN_CHECKED dn_status dn_layout_see_session(dn_layout_walk *it, const char *session, bool *wanted);
/* label was asked for, and is not there; there: the labels or names of folders that are. Never DN_OK. */
DN_CHECKED dn_status dn_layout_fail_label(const char *dataset, dn_bids_entity entity, const char *label, const dn_layout_names *there);

/* The examinations in DICOM files of a person, or of one session of it, in the folder `where` below the data set ("sub-01",
 * "sub-01/ses-2"). subject: label; may have a session in it, "01_ses-2". No such files: nothing is added. */
DN_CHECKED dn_status dn_layout_dicom_session(dn_layout_walk *it, const char *subject, const char *session, const char *where);
/* Of a file of the data set that may be an archive named by BIDS: "sub-01.zip", "sub-01_ses-2.tar.gz", "sub-01/ses-2.zip" (subject "01";
 * else NULL). *is_one: it is one; its scan is added if there are DICOM files in it and it is wanted. */
DN_CHECKED dn_status dn_layout_dicom_archive(dn_layout_walk *it, const char *subject, const char *where, bool *is_one);
/* Persons with other names, in the data set's folder, else in its folder sourcedata; labels that were asked for and are not there:
 * DN_EUSAGE. */
DN_CHECKED dn_status dn_layout_dicom_people(dn_layout_walk *it);
/* What the headers say against the labels of the folders' names, as remarks. */
DN_CHECKED dn_status dn_layout_dicom_doubts(dn_layout_walk *it);

#endif
