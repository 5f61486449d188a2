// What takes longer than the tests of each run may (make browser): every view by the keyboard alone and in both colour schemes, a finished
// folder of dien run from its table to the text for a paper, a Keras file imported, a training watched while it runs.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { accessible, api, equal, ok, open, openScan, program, serve, sleep, stop, test, until, work } from './support.mjs';

const here = path.dirname(new URL(import.meta.url).pathname);
const root = path.join(here, '..', '..', '..');
const at = (...parts) => path.join(work, ...parts);

/** A data set of made heads, measured by dien run; the last scan is cut off. */
function cohort() {
    const quiet = { stdio: ['ignore', 'ignore', 'pipe'] };
    execFileSync(program, ['synth', path.join(root, 'share/template/head.nii.gz'), '-o', at('synth'), '-n', '8', '--size', '112', '--spacing', '1.5', '--plain', '-q'], quiet);
    fs.mkdirSync(at('set'));
    fs.writeFileSync(at('set', 'dataset_description.json'), '{"Name": "made", "BIDSVersion": "1.8.0"}');
    const people = ['participant_id\tage\tsex\tdiagnosis'];
    const put = (n, bytes) => {
        const name = `sub-${String(n).padStart(2, '0')}`;
        fs.mkdirSync(at('set', name, 'anat'), { recursive: true });
        fs.writeFileSync(at('set', name, 'anat', `${name}_T1w.nii.gz`), bytes);
        people.push(`${n}\t${30 + 2 * n}\t${n % 2 ? 'F' : 'M'}\t${n % 2 ? 'control' : 'ALS'}`); // "1" in the table, "sub-01" in the data set
    };
    for (let n = 1; n <= 8; ++n) put(n, fs.readFileSync(at('synth', `head_sample-000${n}_T1w.nii.gz`)));
    put(9, fs.readFileSync(at('synth', 'head_sample-0001_T1w.nii.gz')).subarray(0, 5000));
    people.push('77\t50\tF\tcontrol');
    fs.writeFileSync(at('participants.tsv'), `${people.join('\n')}\n`);
    try {
        execFileSync(program, ['run', at('set'), at('out'), 'participant', '--structures', 'hypothalamus', '--precision', 'bf16', '-q'], quiet);
    } catch (error) {
        if (![4, 6].includes(error.status)) throw new Error(`dien run: exit ${error.status}: ${error.stderr}`); // rejected scans, one that cannot be measured
    }
}

/** Everything that a mouse reaches is reached by Tab, has a name, and shows that it has the focus. */
async function byTab(page, what, within = 'body') {
    const wanted = await page.evaluate((selector) => {
        const all = [...document.querySelector(selector).querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')];
        const seen = all.filter((e) => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }) && !e.closest('[hidden], .unseen'));
        seen.forEach((e, n) => { e.dataset.tab = n; });
        return seen.length;
    }, within);
    await page.evaluate((selector) => { const e = document.querySelector(selector); if (e === document.body) { document.activeElement.blur(); scrollTo(0, 0); } else e.focus(); }, within);
    const reached = new Map();
    for (let n = 0; n < wanted + 12; ++n) {
        await page.keyboard.press('Tab');
        const found = await page.evaluate(() => {
            const e = document.activeElement;
            if (!e || e === document.body) return null;
            const style = getComputedStyle(e);
            const name = e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent || e.title || '';
            return { tab: e.dataset.tab, tag: e.tagName, name: name.trim().slice(0, 50), shown: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 };
        });
        if (found?.tab !== undefined) reached.set(found.tab, found);
    }
    const missed = await page.evaluate((tabs) => [...document.querySelectorAll('[data-tab]')].filter((e) => !tabs.includes(e.dataset.tab)).map((e) => e.outerHTML.slice(0, 120)), [...reached.keys()]);
    equal(missed, [], `${what}: what Tab does not reach`);
    equal([...reached.values()].filter((f) => f.name === '').map((f) => f.tag), [], `${what}: what has no name`);
    equal([...reached.values()].filter((f) => !f.shown).map((f) => `${f.tag} ${f.name}`), [], `${what}: what does not show that it has the focus`);
    return reached.size;
}
const focus = (page, name) => page.getByRole('button', { name }).or(page.getByRole('link', { name })).first().focus();

export async function whole(first, jobs) {
    cohort();
    await stop();
    fs.mkdirSync(at('train', 'maps'), { recursive: true });
    const base = await serve(new URL(first).port, ['--results', at('out'), '--training', at('train', 'run')]);
    const run = (await api(base, 'GET', '/api/groups')).groups.find((g) => g.source === 'folder');

    await test('a finished folder of dien run: sorted, filtered, reviewed by keys, joined, compared; who is left out is named', async () => {
        const page = await open(base);
        await page.to('#/groups');
        await page.getByRole('link', { name: run.name }).click();
        await page.locator('table.group tbody tr').nth(7).waitFor();
        ok((await page.locator('main').innerText()).includes('sub-09'), 'the scan that could not be measured is named');
        await page.getByRole('button', { name: /^Scan/ }).press('Enter');
        equal((await page.locator('table.group tbody th').allInnerTexts()).map((t) => t.slice(0, 6)), [8, 7, 6, 5, 4, 3, 2, 1].map((n) => `sub-0${n}`), 'sorted downwards by name');
        await page.getByRole('button', { name: 'Review one by one' }).press('Enter');
        const dialog = page.locator('dialog.review');
        await dialog.getByLabel('Your name').press('Enter');
        await dialog.getByLabel('Your name').pressSequentially('Dr. Key');
        await page.keyboard.press('Enter');
        await page.keyboard.press('r');
        await page.keyboard.press('3');
        for (let n = 2; n <= 8; ++n) { await dialog.getByText(`${n} of 8`).waitFor(); await page.keyboard.press('a'); }
        await dialog.getByText('That was the last scan.').waitFor();
        await page.keyboard.press('Escape');
        await page.getByText(/1 left out of comparisons/).waitFor();
        const answer = await api(base, 'GET', `/api/groups/${run.id}`);
        equal(answer.rows.filter((r) => !r.accepted).map((r) => [r.name, r.review.reason, r.review.who]), [['sub-08', 'The scan is incomplete', 'Dr. Key']], 'rejected');
        ok(fs.readdirSync(at('out', 'sub-08', 'anat')).some((name) => name.endsWith('_review.json')), 'the review lies beside the table of volumes');
        await page.getByLabel('Show', { exact: true }).selectOption('out');
        equal(await page.locator('table.group tbody tr').count(), 1, 'rows that are left out');
        await page.getByLabel('Show', { exact: true }).selectOption('all');
        await page.locator('#participants').setInputFiles(at('participants.tsv'));
        await page.getByText(/2 participants have no measured scan: 9, 77/).waitFor();
        await page.getByLabel('Filter by name, remark or participant').fill('ALS');
        equal(await page.locator('table.group tbody tr').count(), 4, 'rows of the patients');
        await page.getByLabel('Filter by name, remark or participant').fill('');
        equal(await page.getByLabel('Groups by column').inputValue(), 'diagnosis', 'the column that is offered');
        equal(await page.getByLabel('Control group').inputValue(), 'control', 'the control group that is offered');
        await page.getByRole('button', { name: 'Compare', exact: true }).click();
        await page.locator('.comparison').waitFor();
        const text = await page.locator('.pasteable').innerText();
        ok(/control/.test(text) && /ALS/.test(text) && /hypothalamus/i.test(text), `the text names groups and structure: ${text.slice(0, 200)}`);
        ok((await page.locator('.comparison').innerText()).includes('sub-08: rejected by Dr. Key: The scan is incomplete'), `who was left out is named: ${(await page.locator('.comparison').innerText()).slice(-400)}`);
        ok(await page.locator('.figures img').first().evaluate((i) => i.decode().then(() => i.naturalWidth > 100)), 'a figure');
        await page.shot('whole_compare', { fullPage: true });
        // A decision that changes afterwards is told.
        await page.locator('table.group .thumb').last().press('Enter');
        await page.keyboard.press('a');
        await page.keyboard.press('Escape');
        await page.getByText('Decisions changed since this comparison').waitFor();
        await page.context().close();
    });

    await test('a Keras file becomes a network; the same name twice, and a file that is none, are refused', async () => {
        const page = await open(base);
        await page.to('#/models');
        const choose = (file) => page.locator('#model-file').setInputFiles(file);
        await choose(path.join(root, 'tests/models/keras/small_keras231.h5'));
        await page.getByText('small_keras231 was imported.').waitFor();
        await page.locator('.cards > li', { hasText: 'small_keras231' }).waitFor();
        ok(fs.readdirSync(at('data', 'dien', 'models')).includes('small_keras231.safetensors'), 'it lies among the networks of this user');
        await choose(path.join(root, 'tests/models/keras/small_keras231.h5'));
        await page.getByText('there is a model "small_keras231" already').waitFor();
        await page.getByLabel('Name (optional)').fill('another');
        await choose(path.join(root, 'tests/models/keras/small_keras231.h5'));
        await page.getByText('another was imported.').waitFor();
        await choose(path.join(root, 'README.md'));
        await page.getByText('is not an HDF5 file').waitFor();
        await page.context().close();
    });

    await test('a scan is measured by a network that was chosen; the result and its group say so', async () => {
        const page = await open(base);
        await openScan(page, jobs.get('LPI'));
        await page.getByText('Measure this scan with other options').click();
        await page.getByLabel('Structures').selectOption('hypothalamus');
        const network = page.getByLabel('Network of the hypothalamus');
        await until('the networks', async () => (await network.locator('option').count()) > 3);
        equal(await network.inputValue(), '', 'the network that is offered');
        await network.selectOption('hypothalamus-any-contrast-whole');
        await page.getByText('synthetic scans of any contrast').waitFor();
        await page.getByText('GPL-3.0-or-later').first().waitFor();
        await accessible(page, 'the choice of a network');
        await page.shot('whole_network', { fullPage: true });
        await page.getByRole('button', { name: 'Measure', exact: true }).click();
        await until('the new scan', () => !page.url().includes(jobs.get('LPI')));
        await page.getByText('was measured by the network hypothalamus-any-contrast-whole').waitFor({ timeout: 120000 });
        const id = page.url().match(/#\/scan\/(\w+)/)[1];
        equal((await api(base, 'GET', `/api/jobs/${id}/result`)).networks.map((n) => [n.name, n.own]), [['hypothalamus-any-contrast-whole', true]], 'the networks in the record');
        // Counted in both, so that the group is of two networks.
        for (const one of [id, jobs.get('LPI')]) await api(base, 'PUT', `/api/jobs/${one}/review`, { accepted: true, reason: '', who: 'Dr. N.' });
        const group = await api(base, 'POST', '/api/groups', { name: 'Two networks', jobs: [id, jobs.get('LPI')] });
        await page.to(`#/group/${group.id}`);
        await page.getByText('The scans of this group were not measured alike').waitFor();
        ok(/by different networks.*hypothalamus-any-contrast-whole \(\w+\) in 1 scan \(LPI\)/.test(await page.locator('main').innerText()), 'the networks are named');
        await page.shot('whole_mixed');
        // Deleted in another tab: the group follows.
        await api(base, 'DELETE', `/api/jobs/${id}`);
        await page.getByText('The scans of this group were not measured alike').waitFor({ state: 'detached' });
        equal(await page.locator('table.group tbody tr').count(), 1, 'rows that are left');
        await page.context().close();
    });

    await test('a training is watched while it runs', async () => {
        execFileSync(process.env.DIEN_FIXTURE, ['head', at('train', 'maps', 'head.nii.gz')]);
        execFileSync(process.env.DIEN_FIXTURE, ['training', at('train', 'toy.yaml'), path.join(root, 'share/synth/tissues.tsv'), 'steps: 2000, log_every: 10, validate_every: 200']);
        const page = await open(base);
        await page.to('#/models');
        const card = page.locator('section', { hasText: 'Trainings' }).last();
        await card.getByText('not begun').waitFor();
        const training = spawn(program, ['train', at('train', 'toy.yaml'), '--threads', '1', '--no-figure', '-q'], { cwd: at('train'), stdio: 'ignore' });
        const ended = new Promise((resolve) => training.once('exit', resolve));
        await card.getByText('running').waitFor();
        const steps = new Set();
        const lengths = new Set();
        await until('the end of the training', async () => {
            const text = await card.innerText();
            const step = text.match(/step (\d+)/);
            if (step && /running/.test(text)) {
                steps.add(step[1]);
                lengths.add(await card.locator('path.curve').first().getAttribute('d').then((d) => d.length, () => 0));
            }
            return /finished/.test(text) && /step 2000/.test(text);
        });
        equal(await ended, 0, 'exit code of dien train');
        ok(steps.size >= 3 && lengths.size >= 3, `curves grow while it runs: steps ${[...steps]}, lengths ${[...lengths]}`);
        ok(await card.locator('path.validation').count() >= 2, 'validation is drawn, too');
        await page.shot('whole_training', { fullPage: true });
        await page.context().close();
    });

    await test('every view by Tab alone: all is reached, named, and shows the focus', async () => {
        const page = await open(base);
        const counts = [];
        const views = [['', '.drop'], ['#/groups', '.cards'], [`#/group/${run.id}`, 'table.group tbody tr'], ['#/models', '.cards'], [`#/scan/${jobs.get('first')}`, '.viewer.ready']];
        for (const [hash, ready] of views) {
            await page.to(hash);
            await page.locator(ready).first().waitFor();
            counts.push(`${hash.replace(/\w{16}/, '') || 'home'} ${await byTab(page, hash || 'home')}`);
        }
        await openScan(page, jobs.get('PSR'), '/correct');
        counts.push(`correction ${await byTab(page, 'the correction')}`);
        await page.getByRole('button', { name: 'Leave without saving' }).press('Enter');
        await page.to(`#/group/${run.id}`);
        await page.getByRole('button', { name: 'Review one by one' }).press('Enter');
        counts.push(`review ${await byTab(page, 'the review', 'dialog.review')}`);
        console.log(`    (elements: ${counts.join(', ')})`);
        await page.context().close();
    });

    await test('a correction by the keyboard alone, from the result to the new version', async () => {
        const page = await open(base);
        await openScan(page, jobs.get('LAS') ?? jobs.get('RAS'));
        await focus(page, 'Correct the labels');
        await page.keyboard.press('Enter');
        await page.waitForSelector('.correct');
        ok(await page.evaluate(() => document.activeElement.tagName === 'CANVAS'), 'the picture has the focus');
        for (const key of ['ArrowLeft', 'PageUp', ']', ' ', 'ArrowUp', ' ', 'Control+z']) await page.keyboard.press(key);
        ok(/→/.test(await page.locator('.correct').innerText()), 'a stroke is counted');
        for (let n = 0; n < 30 && await page.evaluate(() => document.activeElement.labels?.[0]?.textContent !== 'Your name'); ++n) await page.keyboard.press('Tab');
        await page.keyboard.press('Control+a');
        await page.keyboard.type('Dr. Keys');
        await page.keyboard.press('Tab');
        await page.keyboard.type('by the keyboard alone');
        await page.keyboard.press('Enter');
        await page.locator('.versions .current', { hasText: 'Corrected by Dr. Keys' }).waitFor();
        const result = await api(base, 'GET', page.url().replace(/.*#\/scan\/(\w+).*/, '/api/jobs/$1/result'));
        ok(['_qc.png', '_report.html'].every((end) => result.files.some((f) => f.name.endsWith(end))), 'the version has a picture and a report');
        await page.context().close();
    });

    await test('an upload that is cut off goes on by itself, and one that was left half-way goes on with the same file', async () => {
        const page = await open(base);
        const big = Buffer.alloc(9 << 20, 7); // three pieces; no scan: only the upload is of interest
        fs.writeFileSync(at('big.nii'), big);
        let cuts = 2;
        const puts = [];
        await page.route('**/api/uploads/*/0*', async (route) => {
            puts.push(Number(new URL(route.request().url()).searchParams.get('offset')));
            if (puts.length > 1 && cuts-- > 0) await route.abort('connectionreset'); else await route.continue();
        });
        await page.to('');
        await page.locator('#choose-files').setInputFiles(at('big.nii'));
        await page.locator('.verdict.bad').waitFor(); // it came whole, and it is no scan
        equal([puts[0], new Set(puts).size >= 3, puts[puts.length - 1]], [0, true, 8 << 20], 'offsets of the pieces');
        // Left after the first piece: the server has it, and the same file does not begin again.
        cuts = 1000;
        puts.length = 0;
        await page.to('');
        await page.locator('#choose-files').setInputFiles(at('big.nii'));
        await until('a cut', () => puts.length >= 2);
        await page.unroute('**/api/uploads/*/0*');
        await page.reload();
        const again = [];
        await page.route('**/api/uploads/*/0*', async (route) => { again.push(Number(new URL(route.request().url()).searchParams.get('offset'))); await route.continue(); });
        await page.locator('#choose-files').setInputFiles(at('big.nii'));
        await page.locator('.verdict.bad').waitFor();
        equal(again[0], 4 << 20, 'the offset at which it goes on after the reload');
        await page.context().close();
    });

    for (const scheme of ['light', 'dark']) {
        await test(`axe-core finds nothing serious on any view: ${scheme}`, async () => {
            const page = await open(base, { colorScheme: scheme });
            const look = async (hash, ready, what) => { await page.to(hash); await page.locator(ready).first().waitFor(); await accessible(page, `${what}, ${scheme}`); await page.shot(`whole_${what.replace(/\W+/g, '_')}_${scheme}`); };
            await look('', '.drop', 'first page');
            await look('#/groups', '.cards', 'groups');
            await look(`#/group/${run.id}`, 'table.group tbody tr', 'group');
            await page.getByRole('button', { name: 'Compare', exact: true }).click();
            await page.locator('.comparison, section .verdict.bad').first().waitFor();
            await accessible(page, `comparison, ${scheme}`);
            await page.getByRole('button', { name: 'Review one by one' }).click();
            await page.keyboard.press('r');
            await accessible(page, `review, ${scheme}`);
            await page.shot(`whole_review_${scheme}`);
            await page.keyboard.press('Escape');
            await look('#/models', '.cards', 'networks');
            await look(`#/scan/${jobs.get('RAS')}`, '.viewer.ready', 'corrected result');
            await page.locator('#correct').click();
            await page.locator('.correct').waitFor();
            await accessible(page, `correction, ${scheme}`);
            await page.getByRole('button', { name: 'Leave without saving' }).click();
            await look('#/scan/0000000000000000', '.verdict.bad', 'a scan that is not there');
            await page.context().close();
        });
    }
    await sleep(0);
}
