// Talks to the server of this program (src/web/openapi.json), and to nothing else.
import T from './texts.js';

/** What went wrong, in the words of the server: message says what, remedy what to do. */
export class Failure extends Error {
    constructor(status, message, remedy, body) {
        super(message);
        this.status = status;
        this.remedy = remedy || null;
        this.body = body;
    }
}

async function failure(response) {
    let body = null;
    try { body = await response.json(); } catch { /* not JSON: an answer of something between */ }
    return new Failure(response.status, body?.error || T.failedStatus(response.status), body?.remedy, body);
}

export async function request(method, path, { body, headers = {}, signal } = {}) {
    const options = { method, signal, headers: { ...headers }, cache: 'no-store' };
    if (method !== 'GET') options.headers['X-Dien'] = '1';
    if (body instanceof Blob || body instanceof ArrayBuffer || body instanceof Uint8Array) {
        options.body = body;
        options.headers['Content-Type'] ??= 'application/octet-stream';
    } else if (body !== undefined) {
        options.body = JSON.stringify(body);
        options.headers['Content-Type'] = 'application/json';
    }
    let response;
    try {
        response = await fetch(path, options);
    } catch (error) {
        if (error.name === 'AbortError') throw error;
        throw new Failure(0, T.serverAway, T.serverAwayRemedy);
    }
    if (!response.ok) throw await failure(response);
    return response;
}

async function json(method, path, options) {
    const response = await request(method, path, options);
    return response.status === 204 ? null : response.json();
}

export const get = (path, signal) => json('GET', path, { signal });
export const post = (path, body, options = {}) => json('POST', path, { body, ...options });
export const putTo = (path, body, options = {}) => json('PUT', path, { body, ...options });
export const remove = (path) => request('DELETE', path);

/** The bytes of a file, unpacked where they are gzip. */
export async function bytesOf(path, signal) {
    const response = await request('GET', path, { signal });
    return response.arrayBuffer();
}

export const fileUrl = (job, name, version) =>
    `/api/jobs/${job}/files/${encodeURIComponent(name)}${version === undefined ? '' : `?version=${version}`}`;
