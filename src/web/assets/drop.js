// Where scans come in: dropped files and folders, or chosen ones. What belongs together becomes one scan.
import { h, put, say, svg } from './dom.js';
import T from './texts.js';

const IMAGE = /\.(nii|nii\.gz|mgz|mgh|mgh\.gz)$/i;
const PAIR = /\.(hdr|img|img\.gz)$/i;
const ARCHIVE = /\.(zip|tar|tar\.gz|tgz|tar\.xz|tar\.bz2)$/i;
const BESIDE = /(^|\/)(\.|__MACOSX|Thumbs\.db|desktop\.ini|DICOMDIR$)|\.(txt|json|tsv|csv|xml|pdf|html?|docx?|xlsx?|png|jpe?g|bval|bvec)$/i;

const pathOf = (file) => file.path_ || file.webkitRelativePath || file.name;
const stem = (name) => name.replace(/^.*\//, '').replace(/\.(nii|nii\.gz|mgz|mgh|hdr|img|img\.gz|zip|tar|tar\.gz|tgz|tar\.xz|tar\.bz2)$/i, '');

/** Whether a file may be of a scanner: DICOM says so at byte 128; files of before 1993 begin with a group number. */
async function isDicom(file) {
    const head = new Uint8Array(await file.slice(0, 132).arrayBuffer());
    const old = head.length > 8 && (head[0] === 8 || head[0] === 2) && head[1] === 0 && head[3] === 0;
    return old || String.fromCharCode(...head.slice(128)) === 'DICM';
}

/** Files → scans [{name, files}] and what was left out. A NIfTI or .mgz file or an archive is one scan, a .hdr with its .img, too; all other
 *  files of one folder are taken for the DICOM files of one scan. */
export async function scansOf(files) {
    const scans = [];
    const pairs = new Map();
    const folders = new Map();
    const left = [];
    const join = (map, key, file) => map.set(key, [...(map.get(key) || []), file]);
    const known = (path) => IMAGE.test(path) || ARCHIVE.test(path) || PAIR.test(path) || BESIDE.test(path) || /\.(dcm|ima)$/i.test(path);
    const dicom = new Set((await Promise.all([...files].filter((f) => !known(pathOf(f))).map((f) => isDicom(f).then((yes) => yes && f, () => null)))).filter(Boolean));
    for (const file of files) {
        const path = pathOf(file);
        if (IMAGE.test(path) || ARCHIVE.test(path)) scans.push({ name: stem(path), files: [file] });
        else if (PAIR.test(path)) join(pairs, path.replace(PAIR, ''), file);
        else if (BESIDE.test(path)) left.push(path);
        else if (!known(path) && !dicom.has(file)) left.push(path);
        else join(folders, path.includes('/') ? path.split('/')[0] : '', file);
    }
    for (const [key, pair] of pairs) scans.push({ name: stem(key), files: pair });
    for (const [key, all] of folders) scans.push({ name: key || stem(pathOf(all[0])), files: all, dicom: true });
    return { scans, left };
}

async function entriesOf(directory) {
    const reader = directory.createReader();
    const all = [];
    for (;;) { // a reader gives at most a hundred at a time
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) return all;
        all.push(...some);
    }
}

async function walk(entry, path, out) {
    if (entry.isFile) {
        const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
        file.path_ = path + file.name;
        out.push(file);
    } else if (entry.isDirectory) {
        for (const child of await entriesOf(entry)) await walk(child, `${path}${entry.name}/`, out);
    }
}

export async function filesOfDrop(transfer) {
    const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    if (entries.length === 0) return [...transfer.files];
    const out = [];
    for (const entry of entries) await walk(entry, '', out);
    return out;
}

function icon() {
    return svg('svg', { viewBox: '0 0 48 48', width: 44, height: 44, class: 'drop-icon', 'aria-hidden': 'true' },
        svg('path', { d: 'M24 31V9m-8 8 8-8 8 8M8 30v7a3 3 0 0 0 3 3h26a3 3 0 0 0 3-3v-7', fill: 'none', stroke: 'currentColor',
            'stroke-width': 2.6, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' }));
}

/** A place to drop scans, with buttons for those who do not drag. onfiles gets the files. */
export function dropZone(onfiles, { title = T.dropTitle, note = T.dropNote, extra = null } = {}) {
    const file = h('input', { type: 'file', multiple: true, class: 'unseen', tabindex: '-1', 'aria-hidden': 'true', id: 'choose-files' });
    const folder = h('input', { type: 'file', webkitdirectory: true, class: 'unseen', tabindex: '-1', 'aria-hidden': 'true', id: 'choose-folder' });
    const status = h('p', { class: 'soft', role: 'status' });
    const zone = h('section', { class: 'drop', 'aria-label': title },
        icon(), h('h1', {}, title), h('p', { class: 'soft' }, note),
        h('div', { class: 'row centre' },
            h('button', { type: 'button', class: 'primary', onclick: () => file.click() }, T.chooseFiles),
            h('button', { type: 'button', onclick: () => folder.click() }, T.chooseFolder), extra),
        file, folder, status);
    const take = (files) => {
        if (files.length === 0) put(status, T.nothingDropped);
        else onfiles(files, (text, bad) => { put(status, bad ? h('span', { class: 'error' }, text) : text); say(text); });
    };
    for (const input of [file, folder]) {
        input.addEventListener('change', () => { take([...input.files]); input.value = ''; });
    }
    let depth = 0;
    const over = (yes) => zone.classList.toggle('over', yes);
    zone.addEventListener('dragenter', (event) => { event.preventDefault(); depth++; over(true); });
    zone.addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); if (depth === 0) over(false); });
    zone.addEventListener('dragover', (event) => { event.preventDefault(); event.dataTransfer.dropEffect = 'copy'; });
    zone.addEventListener('drop', async (event) => {
        event.preventDefault();
        depth = 0;
        over(false);
        put(status, T.readingFolder);
        try { take(await filesOfDrop(event.dataTransfer)); } catch (error) { put(status, T.dropFailed(error.message)); }
    });
    return zone;
}

/** A file that is dropped beside the place must not replace the page. */
for (const kind of ['dragover', 'drop']) addEventListener(kind, (event) => event.preventDefault());
