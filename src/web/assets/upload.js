// Brings files to the server in pieces. A connection that is cut is taken up where it was; after a reload the same file goes on, too.
import { get, post, remove, request, Failure } from './api.js';
import T from './texts.js';

const PIECE = 4 << 20;
const TRIES = 6;

const pathOf = (file) => file.path_ || file.webkitRelativePath || file.name;
const keyOf = (files) => `dien.upload.${files.map((f) => `${pathOf(f)}:${f.size}:${f.lastModified}`).join('|').slice(0, 2000)}`;

/** An upload that an earlier try of the same files began, or a new one. */
async function begin(files, signal) {
    const key = keyOf(files);
    let known = null;
    try { known = sessionStorage.getItem(key); } catch { /* nothing is kept */ }
    if (known) {
        try {
            const upload = await get(`/api/uploads/${known}`, signal);
            if (upload.files.length === files.length && upload.files.every((f, i) => f.size === files[i].size)) return upload;
        } catch (error) { if (error.name === 'AbortError') throw error; /* it is gone: begin again */ }
    }
    const upload = await post('/api/uploads', { files: files.map((f) => ({ name: pathOf(f), size: f.size })) }, { signal });
    try { sessionStorage.setItem(key, upload.id); } catch { /* nothing is kept */ }
    return upload;
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function sendFile(id, index, file, from, progress, signal) {
    let offset = from;
    let failures = 0;
    while (offset < file.size) {
        const end = Math.min(file.size, offset + PIECE);
        try {
            const response = await request('PUT', `/api/uploads/${id}/${index}?offset=${offset}`, { body: file.slice(offset, end), signal });
            offset = (await response.json()).received ?? end;
            failures = 0;
        } catch (error) {
            if (error.name === 'AbortError') throw error;
            if (error.status === 409 && Number.isFinite(error.body?.received)) {
                offset = error.body.received;
            } else if ((error.status === 0 || error.status === 503) && ++failures < TRIES) {
                await wait(250 * 2 ** failures);
                try { offset = (await get(`/api/uploads/${id}`, signal)).files[index].received; } catch { /* still away: try again */ }
            } else {
                throw error;
            }
        }
        progress(offset);
    }
}

/** Uploads files of one scan; onpart gets the part that is there, 0 to 1. Returns the upload's id. */
export async function upload(files, onpart = () => {}, signal = undefined) {
    const total = files.reduce((sum, f) => sum + f.size, 0);
    if (total === 0) throw new Failure(400, files.length === 1 ? T.emptyFile(pathOf(files[0])) : T.emptyFiles, T.emptyRemedy);
    const begun = await begin(files, signal);
    let before = 0;
    try {
        for (let i = 0; i < files.length; ++i) {
            const at = before;
            onpart((at + begun.files[i].received) / total);
            await sendFile(begun.id, i, files[i], begun.files[i].received, (n) => onpart((at + n) / total), signal);
            before += files[i].size;
        }
    } catch (error) {
        if (error.name === 'AbortError') {
            remove(`/api/uploads/${begun.id}`).catch(() => {});
            try { sessionStorage.removeItem(keyOf(files)); } catch { /* nothing was kept */ }
        }
        throw error;
    }
    try { sessionStorage.removeItem(keyOf(files)); } catch { /* nothing was kept */ }
    return begun.id;
}
