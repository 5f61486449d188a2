/* Names and times that the server gives: ids that nobody guesses, times for records, folders that go as a whole. */
#ifndef DN_WEB_IDS_H
#define DN_WEB_IDS_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { DN_ID_SIZE = 17, DN_TIME_SIZE = 24 };

/* 16 random hex digits. DN_EINTERNAL: the machine has no random numbers. */
DN_CHECKED dn_status dn_id_make(char out[DN_ID_SIZE]);
/* FNV-1a (Fowler, Noll and Vo) of a text: the same at each start. */
uint64_t dn_text_hash(const char *text);
/* "2026-11-30T06:52:36Z"; seconds: before now. */
void dn_time_text(double seconds_before, char out[DN_TIME_SIZE]);
/* Removes a folder and what is in it, as far as it can; no link is followed. What somebody writes into it meanwhile goes, too. */
void dn_folder_remove(const char *path);
/* Copies a file, which is synced when it returns. DN_EINPUT, DN_EIO. */
DN_CHECKED dn_status dn_file_copy(const char *from, const char *to);

#endif
