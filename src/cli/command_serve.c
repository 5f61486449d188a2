/* dien serve: the page. */
#define _GNU_SOURCE
#include "base/install.h"
#include "base/job.h"
#include "base/memory.h"
#include "base/words.h"
#include "cli/command.h"
#include "cli/measure_options.h"
#include "web/browser.h"
#include "web/token.h"
#include "web/web.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const dn_option options[] = {
    {.name = "port",
     .letter = 'p',
     .kind = DN_OPTION_INTEGER,
     .value = "N",
     .preset = "8642",
     .low = 0,
     .high = 65535,
     .help = "port; 0: one that is free"},
    {.name = "address",
     .kind = DN_OPTION_TEXT,
     .value = "ADDRESS",
     .preset = "127.0.0.1",
     .help = "address of this machine at which the page can be reached; any but 127.0.0.1, ::1 and localhost needs a token"},
    {.name = "host",
     .kind = DN_OPTION_TEXT,
     .value = "NAME...",
     .many = true,
     .help = "further names of this machine that visitors may use in the address"},
    {.name = "token", .kind = DN_OPTION_FLAG, .help = "make a token that visitors have to know; it is part of the address that is printed"},
    {.name = "token-file", .kind = DN_OPTION_FILE, .value = "FILE", .help = "the token is the first line of this file"},
    {.name = "folder",
     .kind = DN_OPTION_FOLDER,
     .value = "DIR",
     .help = "where scans and results are kept (default: ~/.local/share/dien/page)"},
    {.name = "keep-days",
     .kind = DN_OPTION_REAL,
     .value = "DAYS",
     .preset = "0",
     .low = 0,
     .high = 36500,
     .help = "delete scans and results that are older; 0: never"},
    {.name = "upload-limit",
     .kind = DN_OPTION_REAL,
     .value = "GB",
     .preset = "4",
     .low = 0.001,
     .high = 1e6,
     .help = "largest upload, all its files together"},
    DN_OPTION_MEMORY_BUDGET("all scans that are measured at a time"),
    DN_OPTION_JOBS(64, ""),
    {.name = "model",
     .letter = 'm',
     .kind = DN_OPTION_FILE,
     .value = "NAME|FILE",
     .help = "network that labels the hypothalamus (default: dien's own)"},
    {.name = "patience",
     .kind = DN_OPTION_REAL,
     .value = "SECONDS",
     .preset = "30",
     .low = 1,
     .high = 3600,
     .help = "how long a client may be silent before its connection is closed"},
    {.name = "norm",
     .kind = DN_OPTION_TEXT,
     .value = "FILE...",
     .many = true,
     .help = "norms of 'dien normative fit' with which each person is compared"},
    {.name = "results", .kind = DN_OPTION_TEXT, .value = "DIR...", .many = true, .help = "folders of 'dien run', shown as groups"},
    {.name = "training",
     .kind = DN_OPTION_TEXT,
     .value = "DIR...",
     .many = true,
     .help = "folders of 'dien train', whose curves are shown"},
    {.name = "open", .kind = DN_OPTION_FLAG, .help = "open the page in this machine's browser"},
    {.name = NULL},
};

static dn_status take_token(const dn_arguments *arguments, char **out)
{
    if (dn_arguments_given(arguments, "token-file")) {
        return dn_web_token_read(dn_arguments_text(arguments, "token-file"), out);
    }
    return dn_arguments_flag(arguments, "token") ? dn_web_token_make(out) : DN_OK;
}

static dn_status take_folder(const dn_arguments *arguments, char **out)
{
    if (dn_arguments_given(arguments, "folder")) {
        return dn_strdup(dn_arguments_text(arguments, "folder"), out);
    }
    DN_TRY(dn_install_user_path("page", out));
    if (*out == NULL) {
        DN_FAIL_OFFER(DN_EUSAGE, DN_REMEDY_PAGE_FOLDER, "there is no home folder for scans and results; name one");
    }
    return DN_OK;
}

static dn_status serve(const dn_web_options *how, bool open)
{
    dn_web *web = NULL;
    (void)umask(077); /* scans and results are this user's alone */
    DN_TRY(dn_web_create(how, &web));
    printf("%s\n", dn_web_url(web));
    fflush(stdout);
    if (dn_web_is_open(web)) {
        dn_log(DN_LOG_WARNING,
               "others can reach the page over the network, and what they send is not encrypted: anyone on the way can read "
               "scans and the token. Use it in a network that you trust, or through ssh or a server with TLS");
    }
    if (open) {
        dn_web_open_browser(dn_web_url(web));
    }
    dn_status status = dn_web_run(web);
    dn_web_destroy(web);
    return status;
}

static dn_status run(const dn_arguments *arguments)
{
    char **hosts = NULL, **results = NULL, **trainings = NULL, *token = NULL, *folder = NULL;
    dn_web_options how = {.address = dn_arguments_text(arguments, "address"),
                          .port = (int)dn_arguments_integer(arguments, "port"),
                          .keep_days = dn_arguments_real(arguments, "keep-days"),
                          .upload_limit = (int64_t)(1e9 * dn_arguments_real(arguments, "upload-limit")),
                          .memory_budget = (int64_t)(1e9 * dn_arguments_real(arguments, "memory-budget")),
                          .jobs = (int)dn_arguments_integer(arguments, "jobs"),
                          .threads = (int)dn_arguments_integer(arguments, "threads"),
                          .patience = dn_arguments_real(arguments, "patience"),
                          .model = dn_arguments_text(arguments, "model"),
                          .norms = dn_arguments_text(arguments, "norm")};
    dn_status status;
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "host"), &hosts, &how.host_count), done);
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "results"), &results, &how.result_count), done);
    DN_TRY_GOTO(status, dn_split_list(dn_arguments_text(arguments, "training"), &trainings, &how.training_count), done);
    DN_TRY_GOTO(status, take_token(arguments, &token), done);
    DN_TRY_GOTO(status, take_folder(arguments, &folder), done);
    how.hosts = (const char *const *)hosts;
    how.results = (const char *const *)results;
    how.trainings = (const char *const *)trainings;
    how.token = token;
    how.state = folder;
    status = serve(&how, dn_arguments_flag(arguments, "open"));
done:
    free(folder);
    free(token);
    free(trainings);
    free(results);
    free(hosts);
    return status;
}

const dn_command dn_command_serve = {
    .name = "serve",
    .summary = "open the page: measure, look, correct and compare in a browser",
    .options = options,
    .description =
        "Serves a page for a browser, by default on this machine only, and without any other network. Scans that are dropped on it are "
        "measured as by 'dien segment', one after the other or several at a time; results, corrected label maps and reviews are kept in "
        "--folder, also when the server is stopped or killed. What is kept there can be deleted on the page, and is by --keep-days.\n\n"
        "The address is printed as the first line. On a machine that several people use, --token keeps the others out. With another "
        "--address than this machine's own, others can reach the page; it then needs a token. What is sent is not encrypted.\n\n"
        "The page talks to the server by an API that programs can use, too; /api/openapi.json describes it.\n\n"
        "Ctrl-C ends the server. Scans that are being measured then are measured at its next start.",
    .examples = "dien serve\n"
                "dien serve --open --norm norm.json\n"
                "dien serve --address 0.0.0.0 --token --keep-days 30 --results results",
    .run = run,
};
