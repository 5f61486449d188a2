// The tests of the page in a browser; see ../test_browser.sh.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { mmOf, read, reoriented, voxelAt } from './nifti.mjs';
import { accessible, api, browser, complaints, equal, finish, job, ok, open, openScan, program, serve, stop, test, until, work } from './support.mjs';

const good = path.join(work, 'good.nii.gz');
const goodBytes = fs.readFileSync(good);
/* The same head stored in ways in which scanners and converters store it. */
const kinds = [
    ['RAS', [0, 1, 2], [0, 0, 0]], ['LPI', [0, 1, 2], [1, 1, 0]], ['LAS', [0, 1, 2], [1, 0, 0]], ['PSR', [1, 2, 0], [1, 0, 0]], ['AIL', [1, 2, 0], [0, 1, 1]],
    ['oblique', [0, 1, 2], [1, 0, 0], 17], ['oblique_sagittal', [1, 2, 0], [1, 1, 0], 11], ['qform_only', [0, 2, 1], [1, 0, 0], 8, 'qform'],
];
/* Each is painted on in `make browser`; in each run of the tests only the three that differ most. */
const painted = process.env.DIEN_BROWSER === 'all' ? kinds : kinds.filter(([name]) => ['RAS', 'PSR', 'qform_only'].includes(name));
fs.mkdirSync(path.join(work, 'orient'));
let base = await serve();
const port = new URL(base).port;
const jobs = new Map();
const ended = async (id) => until(`job ${id}`, async () => { const j = await api(base, 'GET', `/api/jobs/${id}`); return ['done', 'failed', 'cancelled'].includes(j.state) && j; });
const onDisk = (files) => files.map((f) => ({ name: f.name, base64: f.bytes.toString('base64') }));
/** Drops files on the page, as from a folder of the desktop. */
async function drop(page, files) {
    const transfer = await page.evaluateHandle((list) => {
        const out = new DataTransfer();
        for (const f of list) out.items.add(new File([Uint8Array.from(atob(f.base64), (c) => c.charCodeAt(0))], f.name));
        return out;
    }, onDisk(files));
    for (const kind of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('.drop', kind, { dataTransfer: transfer });
}
const scanId = async (page) => (await until('the page of the scan', async () => page.url().match(/#\/scan\/(\w+)/)))[1];

await test('from a dropped scan to the numbers and the zip', async () => {
    const page = await open(base, {}, '');
    await page.to('');
    await page.waitForSelector('.drop');
    await page.shot('home');
    await accessible(page, 'the first page');
    const steps = new Set();
    await drop(page, [{ name: 'my head.nii.gz', bytes: goodBytes }]);
    const id = await scanId(page);
    await until('a result', async () => {
        const step = await page.locator('.progress .step').textContent({ timeout: 100 }).catch(() => null);
        if (step) steps.add(step);
        return page.locator('section.verdict').count();
    });
    ok([...steps].some((s) => /^Step \d+ of \d+: \w/.test(s)), `the name of a step was shown; found ${[...steps].join('; ')}`);
    await page.waitForSelector('.viewer.ready', { timeout: 60000 });
    const result = await api(base, 'GET', `/api/jobs/${id}/result`);
    const both = result.volumes.find((v) => v.structure === 'hypothalamus').both_mm3;
    const row = await page.locator('.volumes tr', { hasText: 'Hypothalamus' }).first().innerText();
    ok(row.includes(both.toFixed(0)), `the table has ${both.toFixed(0)} mm³ of the API; found ${row}`);
    ok((await page.locator('.verdict').innerText()).includes('Failed quality control'), 'a scan that fails is told so at the top');
    for (const flag of result.flags) ok((await page.locator('.verdict').innerText()).includes(flag.sentence), `the remark: ${flag.sentence}`);
    ok(await page.locator('.volumes s').count() > 5, 'numbers that are not to be believed are struck through');
    const zip = await (await page.request.get(`${base}/api/jobs/${id}/zip`)).body();
    ok(zip.subarray(0, 2).toString() === 'PK' && zip.includes('_volumes.tsv') && zip.includes('_dseg.nii.gz'), 'the zip holds the table and the labels');
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Download all (zip)' }).click()]);
    ok((await download.suggestedFilename()).endsWith('.zip'), 'the button downloads it');
    await accessible(page, 'a result');
    await page.shot('result');
    jobs.set('first', id);
    await page.context().close();
});

await test('labels are switched, faded, and named under the crosshair', async () => {
    const page = await open(base);
    await openScan(page, jobs.get('first'));
    const shown = () => page.evaluate(() => document.querySelector('canvas').viewer.nv.drawBitmap.filter((v) => v > 0).length);
    const before = await shown();
    await page.getByLabel('Show Thalamus in the scan').uncheck();
    const without = await shown();
    ok(without < before, `without the thalamus fewer voxels are shown: ${before}, ${without}`);
    await page.getByLabel('Show Thalamus in the scan').check();
    equal(await shown(), before, 'voxels shown again');
    await page.getByLabel('Labels', { exact: true }).fill('20');
    equal(await page.evaluate(() => document.querySelector('canvas').viewer.nv.drawOpacity), 0.2, 'fading');
    await page.getByRole('button', { name: 'Thalamus', exact: true }).click();
    await page.locator('canvas').press('ArrowUp');
    const named = await page.evaluate(() => { // to a voxel of the left thalamus
        const { viewer } = document.querySelector('canvas');
        const code = viewer.codes.code.get(10);
        const n = viewer.map.indexOf(code);
        const [nx, ny] = viewer.grid.size;
        viewer.goTo([n % nx, Math.floor(n / nx) % ny, Math.floor(n / (nx * ny))]);
        return document.querySelector('.pointer').textContent;
    });
    ok(/^Left thalamus [\d.]+\u202fmL/.test(named), `name and volume under the crosshair; found ${named}`);
    for (const name of ['Axial', 'Coronal', 'Sagittal', '3-D', 'All']) await page.getByRole('button', { name, exact: true }).click();
    await page.context().close();
});

await test('the report fits one page of A4', async () => {
    const page = await open(base, { viewport: { width: 695, height: 1030 } }); // 184 mm x 272.5 mm, what the margins leave
    await openScan(page, jobs.get('first'));
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    ok(await page.locator('figure.paper img').evaluate((i) => i.decode().then(() => i.naturalWidth > 200)), 'the planes as a picture');
    const height = await page.evaluate(() => document.querySelector('main').scrollHeight + document.querySelector('.top').offsetHeight);
    ok(height <= 1039, `expected at most 1039 px (275 mm), found ${height}`);
    await page.shot('print');
    await page.context().close();
});

for (const [name, perm, flip, degrees = 0, kind = 'sform'] of kinds) {
    const bytes = reoriented(good, perm, flip, degrees, kind);
    fs.writeFileSync(path.join(work, 'orient', `${name}.nii.gz`), bytes);
    jobs.set(name, (await job(base, name, bytes)).id);
}

/** What was painted where: asked of the server's file, never of the page. */
async function labelsOf(id, version, file) {
    const result = await api(base, 'GET', `/api/jobs/${id}/result?version=${version}`);
    const name = result.files.find((f) => f.name.endsWith('_dseg.nii.gz')).name;
    const bytes = Buffer.from(await (await fetch(`${base}/api/jobs/${id}/files/${encodeURIComponent(name)}?version=${version}`)).arrayBuffer());
    fs.writeFileSync(file, bytes);
    return { result, map: read(file) };
}

for (const [name, , , degrees = 0] of painted) {
    await test(`painted at known millimetres and read back from the server's file: ${name} (niivue#1374)`, async () => {
        const id = jobs.get(name);
        equal((await ended(id)).state, 'done', 'state');
        const page = await open(base, { viewport: name === 'RAS' ? { width: 1200, height: 900 } : { width: 640, height: 700 } }); // fewer pixels, sooner drawn
        await openScan(page, id, '/correct');
        await page.getByRole('button', { name: 'Coronal' }).click();
        const first = await labelsOf(id, 1, path.join(work, 'orient', `${name}_1.nii.gz`));
        const old = first.map;
        // Three places that no symmetry takes into each other; the last is painted by hand in a plane.
        const points = [[17, 11, 22], [-23, 5, -14], [8, -26, 9]].map((mm) => mmOf(old, voxelAt(old, mm)));
        const label = page.locator('.correct').getByLabel('Label', { exact: true });
        await page.getByRole('button', { name: 'Ball in 3-D' }).click();
        const choices = first.result.labels.filter((l) => l.index > 0).slice(0, 3).map((l) => l.index);
        for (let n = 0; n < 2; ++n) {
            await label.selectOption(String(await page.evaluate((k) => document.querySelector('canvas').viewer.codes.code.get(k), choices[n])));
            await page.evaluate((mm) => document.querySelector('canvas').viewer.goToMm(mm), points[n]);
            await page.locator('canvas').press('Space');
        }
        await page.getByRole('button', { name: 'Disc in the plane' }).click();
        await label.selectOption(String(await page.evaluate((k) => document.querySelector('canvas').viewer.codes.code.get(k), choices[2])));
        const spot = await page.evaluate(async (mm) => {
            const { viewer } = document.querySelector('canvas');
            viewer.zoom = 1;
            viewer.setZoom(1);
            viewer.goToMm(mm);
            viewer.nv.drawNow();
            const at = viewer.nv.frac2canvasPos(viewer.nv.mm2frac(mm, 0, true));
            return at.map((v) => v / (viewer.nv.uiData.dpr || 1));
        }, points[2]);
        await page.locator('canvas').evaluate((canvas) => canvas.scrollIntoView({ block: 'center' }));
        const box = await page.locator('canvas').boundingBox();
        await page.mouse.move(box.x + spot[0], box.y + spot[1]);
        await page.mouse.down();
        await page.mouse.up();
        await page.locator('canvas').press('Control+z');
        await page.locator('canvas').press('Control+y');
        if (name === 'RAS') { await accessible(page, 'the correction'); await page.shot('correct'); }
        await page.locator('.correct').getByLabel('Your name').fill('Dr. Ä. Test');
        await page.getByLabel('Why (kept with the version)').fill(`painted by the test, ${name}`);
        await page.getByRole('button', { name: 'Save as a new version' }).click();
        await page.locator('.versions', { hasText: 'Version 2' }).waitFor();
        const { result, map } = await labelsOf(id, 2, path.join(work, 'orient', `${name}_2.nii.gz`));
        equal([map.dim, map.affine], [old.dim, old.affine], 'the grid of the corrected map');
        points.forEach((mm, n) => equal(map.at(...voxelAt(map, mm)), choices[n], `the label at ${mm.map((v) => v.toFixed(1))} mm`));
        // Nothing changed but within reach of the brush (1.5 mm; half a voxel of slack where the scan lies obliquely).
        const stray = [];
        let changed = 0;
        for (let k = 0; k < map.dim[2]; ++k) for (let j = 0; j < map.dim[1]; ++j) for (let i = 0; i < map.dim[0]; ++i) {
            if (map.at(i, j, k) === old.at(i, j, k)) continue;
            ++changed;
            const mm = mmOf(map, [i, j, k]);
            if (Math.min(...points.map((p) => Math.hypot(...p.map((v, n) => v - mm[n])))) > 1.51 + (degrees ? 0.02 : 0)) stray.push(mm);
        }
        equal(stray, [], 'voxels that changed elsewhere');
        equal(changed, 7 + 7 + 5, 'voxels that changed (two balls and a disc of one voxel and its neighbours)');
        const version = result.versions.find((v) => v.number === 2);
        equal([version.by, version.who, version.why], ['hand', 'Dr. Ä. Test', `painted by the test, ${name}`], 'who and why');
        equal(result.versions.length, 2, 'the first version is kept');
        await page.context().close();
    });
}

await test('the corrected maps as nibabel reads them', async () => {
    const script = `
import sys, nibabel, numpy
from nibabel.affines import apply_affine
for name in sys.argv[2:]:
    image = nibabel.load(f"{sys.argv[1]}/{name}_2.nii.gz"); first = nibabel.load(f"{sys.argv[1]}/{name}_1.nii.gz"); scan = nibabel.load(f"{sys.argv[1]}/{name}.nii.gz")
    assert numpy.allclose(image.affine, scan.affine, atol=1e-3), (name, image.affine, scan.affine)
    new, old = numpy.asarray(image.dataobj), numpy.asarray(first.dataobj)
    where = numpy.argwhere(new != old)
    mm = apply_affine(image.affine, where)
    for point in ((17, 11, 22), (-23, 5, -14), (8, -26, 9)):
        near = numpy.linalg.norm(mm - point, axis=1) < 1.5 + 1.5 * 0.87
        assert near.any(), (name, point, mm)
    assert all(min(numpy.linalg.norm(m - numpy.array(p)) for p in ((17, 11, 22), (-23, 5, -14), (8, -26, 9))) < 3.0 for m in mm), (name, mm)
print(len(sys.argv) - 2, "maps")`;
    const python = ['/usr/bin/python3', 'python3'].find((p) => spawnSync(p, ['-c', 'import nibabel']).status === 0);
    if (!python) { console.log('    (left out: there is no nibabel here)'); return; }
    equal(execFileSync(python, ['-c', script, path.join(work, 'orient'), ...painted.map((k) => k[0])]).toString().trim(), `${painted.length} maps`, 'nibabel');
});

await test('a version is not saved without who and why, and leaving with strokes asks first', async () => {
    const page = await open(base);
    await openScan(page, jobs.get('RAS'), '/correct');
    await page.locator('canvas').press('Space');
    await page.getByRole('button', { name: 'Save as a new version' }).click();
    ok((await page.locator('.correct .error').innerText()).includes('Enter your name'), 'asks for a name');
    await page.getByRole('button', { name: 'Leave without saving' }).click();
    await page.getByRole('button', { name: 'Discard' }).click();
    await page.waitForSelector('#correct');
    await page.getByRole('button', { name: 'Version 1' }).click();
    await page.locator('.versions .current', { hasText: 'as measured by the program' }).waitFor();
    await page.context().close();
});

await test('a group: sorted, filtered, reviewed by keys, joined and compared; who is left out is named', async () => {
    const names = [...kinds.map((k) => k[0]), 'first'];
    const group = await api(base, 'POST', '/api/groups', { name: 'Group of the test', jobs: names.map((n) => jobs.get(n)) });
    const page = await open(base);
    await page.to(`#/group/${group.id}`);
    await page.locator('table.group tbody tr').nth(8).waitFor();
    const thumb = page.locator('table.group .thumb img').first();
    equal(await thumb.evaluate((i) => i.decode().then(() => [i.naturalWidth, i.naturalHeight])), [216, 70], 'a small picture');
    const sentences = (await api(base, 'GET', `/api/groups/${group.id}`)).rows[0].flags.filter((g) => g.level !== 'note').map((g) => g.sentence);
    ok(sentences.length > 0 && (await page.locator('table.group tbody tr').first().innerText()).includes(sentences[0]), `the remark as a sentence: ${sentences[0]}`);
    await page.getByRole('button', { name: /^Hypothalamus/ }).first().click();
    const values = await page.locator('table.group').evaluate((table) => {
        const at = [...table.tHead.rows[0].cells].findIndex((c) => c.textContent.startsWith('Hypothalamus'));
        return [...table.tBodies[0].rows].map((r) => Number(r.cells[at].textContent.replace(/[^\d.]/g, '')));
    });
    equal(values, values.slice().sort((a, b) => a - b), 'sorted by volume');
    await page.getByLabel('Filter by name, remark or participant').fill('oblique');
    equal(await page.locator('table.group tbody tr').count(), 2, 'rows with "oblique"');
    await page.getByLabel('Filter by name, remark or participant').fill('');
    await page.getByRole('button', { name: 'Review one by one' }).click();
    const dialog = page.locator('dialog.review');
    await dialog.getByLabel('Your name').fill('Dr. Review');
    await dialog.focus();
    await page.shot('review');
    const at = async (n) => dialog.getByText(`${n} of 9`).waitFor();
    for (let n = 1; n <= 8; ++n) { await at(n); await page.keyboard.press('a'); }
    await at(9);
    await page.keyboard.press('r');
    await accessible(page, 'the review');
    await page.keyboard.press('2');
    await dialog.getByText('That was the last scan.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(/1 left out of comparisons/).waitFor();
    const rejected = (await api(base, 'GET', `/api/groups/${group.id}`)).rows.filter((r) => !r.accepted);
    ok(rejected.length === 1 && rejected[0].reason.includes('The outlines are wrong'), `one scan is rejected, with its reason; found ${rejected.map((r) => r.reason)}`);
    const rows = (await api(base, 'GET', `/api/groups/${group.id}`)).rows;
    const table = `participant_id\tgroup\tage\n${rows.map((r, n) => `${r.participant ?? r.name}\t${n % 2 ? 'patient' : 'control'}\t${30 + n}`).join('\n')}\nsub-nobody\tcontrol\t50\n`;
    await page.locator('#participants').setInputFiles({ name: 'participants.tsv', mimeType: 'text/tab-separated-values', buffer: Buffer.from(table) });
    await page.getByText('1 participant has no measured scan: ').waitFor();
    await accessible(page, 'a group');
    await page.shot('group');
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    await page.locator('.pasteable').waitFor();
    ok(/hypothalamus/i.test(await page.locator('.pasteable').innerText()), 'the text names the structure');
    ok((await page.locator('.comparison').innerText()).includes(`${rejected[0].name}: `), 'who was left out is named');
    await page.shot('compare', { fullPage: true });
    await page.context().close();
});

await test('cancel, and measure again', async () => {
    const page = await open(base);
    await page.to('');
    await page.locator('#choose-files').setInputFiles({ name: 'stopped.nii.gz', mimeType: 'application/gzip', buffer: goodBytes });
    const id = await scanId(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled', { exact: true }).waitFor();
    equal((await ended(id)).state, 'cancelled', 'state');
    // Again, without a second upload, from the page of the scan; and from the list, where it is cancelled once more.
    let uploads = 0;
    page.on('request', (request) => { if (request.url().includes('/api/uploads')) ++uploads; });
    await page.shot('cancelled');
    await accessible(page, 'a cancelled scan');
    await page.getByRole('button', { name: 'Measure again' }).click();
    await page.locator('section.verdict').waitFor({ timeout: 120000 });
    equal([(await ended(id)).state, uploads], ['done', 0], 'state, uploads');
    const bad = await job(base, 'cut', goodBytes.subarray(0, 3000));
    equal((await ended(bad.id)).state, 'failed', 'state of a scan that is cut off');
    await page.to('');
    const row = page.locator('table.list tr', { hasText: 'cut' });
    await row.getByRole('button', { name: 'Measure again' }).click();
    await until('it is measured again', async () => { const j = await api(base, 'GET', `/api/jobs/${bad.id}`); return j.state === 'failed' && j.finished !== bad.finished; });
    await row.getByText('Could not be measured').waitFor();
    await page.context().close();
});

await test('a reload in the middle', async () => {
    const page = await open(base);
    await page.to('');
    await page.locator('#choose-files').setInputFiles({ name: 'reloaded.nii.gz', mimeType: 'application/gzip', buffer: goodBytes });
    await scanId(page);
    await page.locator('.progress .step', { hasText: 'Step' }).waitFor();
    await page.reload();
    await page.locator('.progress, section.verdict').first().waitFor();
    await page.waitForSelector('.viewer.ready', { timeout: 120000 });
    await page.context().close();
});

await test('files that are no scans are refused in a sentence, and the page goes on', async () => {
    const page = await open(base);
    for (const [name, text, wanted] of [['bad.nii.gz', 'this is no scan', /bad\.nii\.gz|gzip|NIfTI/i], ['empty.nii.gz', '', /is empty/], ['letter.pdf', 'x', /letter\.pdf\u2019 is not a scan/]]) {
        await page.to('');
        await page.waitForSelector('.drop');
        await page.locator('#choose-files').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) });
        await until(`a sentence about ${name}`, async () => wanted.test(await page.locator('.verdict.bad, .drop [role=status]').allInnerTexts().then((t) => t.join(' '))));
        await page.to('#/groups');
        await page.waitForSelector('h2');
    }
    await page.context().close();
});

await test('two tabs at once: each measures, each sees the other', async () => {
    const [one, two] = [await open(base), await open(base)];
    const watch = await open(base);
    await watch.to('');
    await watch.waitForSelector('table.list');
    await Promise.all([one.to(''), two.to('')]);
    await Promise.all([[one, 'tab one'], [two, 'tab two']].map(([page, name]) =>
        page.locator('#choose-files').setInputFiles({ name: `${name}.nii.gz`, mimeType: 'application/gzip', buffer: goodBytes })));
    const ids = await Promise.all([scanId(one), scanId(two)]);
    ok(ids[0] !== ids[1], 'two jobs');
    for (const name of ['tab one', 'tab two']) await watch.locator('table.list tr', { hasText: name }).waitFor();
    await Promise.all([one, two].map((page) => page.locator('section.verdict').waitFor({ timeout: 120000 })));
    for (const name of ['tab one', 'tab two']) await watch.locator('table.list tr', { hasText: name }).locator('.mark').waitFor();
    await Promise.all([one, two, watch].map((page) => page.context().close()));
});

await test('a deleted scan is gone', async () => {
    const [page, other, third] = [await open(base), await open(base), await open(base)];
    const id = (await api(base, 'GET', '/api/jobs')).jobs.find((j) => j.name === 'tab one').id;
    await Promise.all([page.to(''), other.to(''), third.to(`#/scan/${id}`)]);
    await Promise.all([other.locator('table.list tr', { hasText: 'tab one' }).waitFor(), third.locator('section.verdict').waitFor()]);
    const row = page.locator('table.list tr', { hasText: 'tab one' });
    await row.getByRole('button').click();
    await page.locator('dialog').getByRole('button', { name: 'Delete' }).click();
    await row.waitFor({ state: 'detached' });
    ok(!(await api(base, 'GET', '/api/jobs')).jobs.some((j) => j.name === 'tab one'), 'the server has forgotten it');
    await other.locator('table.list tr', { hasText: 'tab one' }).waitFor({ state: 'detached' });
    await third.getByText('This scan was deleted').waitFor();
    await Promise.all([page, other, third].map((p) => p.context().close()));
});

await test('the server is killed and comes back: the page says so, and finds everything again', async () => {
    const page = await open(base);
    await page.to('');
    await page.waitForSelector('table.list');
    await stop('SIGKILL');
    await page.getByText('connects again by itself').waitFor();
    base = await serve(port);
    await page.locator('#offline').waitFor({ state: 'hidden' });
    await openScan(page, jobs.get('RAS'));
    await page.locator('.versions', { hasText: 'Version 2' }).waitFor();
    await page.context().close();
});

await test('networks and their cards', async () => {
    const page = await open(base);
    await page.to('#/models');
    await page.locator('.card summary').first().click();
    await page.locator('.card .text p').first().waitFor();
    ok(await page.locator('.cards > li').count() >= 3, 'the networks of the program');
    await accessible(page, 'the networks');
    await page.shot('networks');
    await page.context().close();
});

const everywhere = ['', '#/groups', '#/models', `#/scan/${jobs.get('first')}`];
for (const [width, height, scheme] of [[320, 640, 'light'], [3840, 2160, 'dark']]) {
    await test(`${width} x ${height}, ${scheme}: nothing sticks out, and axe-core finds nothing serious`, async () => {
        const page = await open(base, { viewport: { width, height: width > 2000 ? 700 : height }, colorScheme: scheme });
        for (const hash of width < 1000 ? [...everywhere, `#/scan/${jobs.get('first')}/correct`] : everywhere) {
            await page.to(hash);
            await page.waitForSelector(hash.includes('correct') ? '.correct' : hash.includes('scan') ? '.viewer.ready' : '.drop, .cards');
            const found = await page.evaluate(() => document.documentElement.scrollWidth);
            ok(found <= width, `${hash || 'home'}: expected at most ${width} px, found ${found}`);
            await accessible(page, `${hash || 'home'} at ${width} px, ${scheme}`);
            if (hash.includes('scan')) await page.shot(`${width}_${scheme}`);
        }
        await page.context().close();
    });
}

await test('the keyboard alone reaches the demo head and the scan', async () => {
    const page = await open(base);
    await page.to('');
    await page.waitForSelector('.drop');
    const reached = new Set();
    for (let n = 0; n < 14; ++n) {
        await page.keyboard.press('Tab');
        reached.add(await page.evaluate(() => document.activeElement.textContent.trim().slice(0, 40)));
    }
    for (const name of ['Skip to the content', 'Choose files', 'Choose a folder', 'Try the demo head', 'Options for the next scans']) ok(reached.has(name), `Tab reaches "${name}"; found ${[...reached]}`);
    await page.context().close();
});

if (process.env.DIEN_BROWSER === 'all') await (await import('./whole.mjs')).whole(base, jobs);

await test('no page complained, and none asked another address', () => equal(complaints, [], 'complaints'));
await browser.close();
await stop();
finish();
