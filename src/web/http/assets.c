/* The page and its files. */
#define _GNU_SOURCE
#include "web/http/assets.h"

#include "base/memory.h"
#include "web/handlers.h"
#include "web/server.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const dn_asset *dn_asset_find(const char *name)
{
    for (const dn_asset *asset = dn_asset_table + 1; asset->name != NULL; ++asset) {
        if (strcmp(asset->name, name) == 0) {
            return asset;
        }
    }
    return NULL;
}

/* FNV-1a (Fowler, Noll and Vo), 64 bits: it tells versions of a file apart, and keeps nobody out. */
static uint64_t hash_of(const dn_asset *asset)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const unsigned char *p = asset->bytes; p < asset->end; ++p) {
        hash = (hash ^ *p) * UINT64_C(0x100000001b3);
    }
    return hash;
}

/* Kept, because it reads the whole file; two threads that find it missing write the same. */
static uint64_t version_of(const dn_asset *asset)
{
    enum { MOST = 256 };
    static _Atomic uint64_t known[MOST];
    const size_t i = (size_t)(asset - dn_asset_table);
    uint64_t version = i < MOST ? known[i] : 0;
    if (version == 0) {
        version = hash_of(asset);
        if (i < MOST) {
            known[i] = version;
        }
    }
    return version;
}

static dn_status send_asset(const dn_request *request, dn_reply *reply, const dn_asset *asset)
{
    const char *known = dn_request_header(request, "If-None-Match");
    snprintf(reply->etag, sizeof reply->etag, "\"%016" PRIx64 "\"", version_of(asset));
    if (known != NULL && strcmp(known, reply->etag) == 0) {
        reply->code = 304;
        return DN_OK;
    }
    reply->constant = asset->bytes;
    reply->size = (size_t)(asset->end - asset->bytes);
    reply->type = dn_media_type(asset->name);
    return DN_OK;
}

/* The address with the token: the browser keeps it as a cookie that no script and no other site sees, and goes to the address without. */
static dn_status keep_token(const dn_web *web, dn_reply *reply, const char *token)
{
    if (!dn_guard_same(token, web->options.token)) {
        DN_WEB_FAIL(reply, 401, "the token in this address is not that of the server; open the address that the server printed");
    }
    reply->code = 303;
    DN_TRY(dn_asprintf(&reply->cookie, "dien_token=%s; Path=/; HttpOnly; SameSite=Strict", token));
    return dn_strdup("/", &reply->location);
}

dn_status dn_get_page(dn_request *request, dn_reply *reply)
{
    const char *token = dn_request_query(request, "token");
    if (token != NULL && request->web->options.token != NULL) {
        return keep_token(request->web, reply, token);
    }
    const dn_asset *asset = dn_asset_find("index.html");
    if (asset == NULL) {
        DN_WEB_FAIL(reply, 404, "this program was built without the page; the API works");
    }
    return send_asset(request, reply, asset);
}

dn_status dn_get_asset(dn_request *request, dn_reply *reply)
{
    const dn_asset *asset = dn_asset_find(request->part[0]);
    if (asset == NULL) {
        DN_WEB_FAIL(reply, 404, "the page has no such file");
    }
    return send_asset(request, reply, asset);
}

dn_status dn_get_openapi(dn_request *request, dn_reply *reply)
{
    return send_asset(request, reply, &dn_asset_table[0]);
}
