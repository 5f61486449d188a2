// What the tests in a browser share: the program's server, the browser, and a list of what passed.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

export const [, , program, work, packages, chromium] = process.argv;
const require = createRequire(path.join(packages, 'package.json'));
const playwright = require('playwright-core');
export const axeSource = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const shots = process.env.DIEN_SHOTS;

let failures = 0;
const began = Date.now();
/** Runs a test; a failure is told and does not stop the others. DIEN_ONLY: a part of the names of those that run, beside the first. */
let count = 0;
export async function test(name, run) {
    if (process.env.DIEN_ONLY && ++count > 1 && !new RegExp(process.env.DIEN_ONLY).test(name)) return;
    const start = Date.now();
    try {
        await run();
        console.log(`ok: ${name} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    } catch (error) {
        failures++;
        console.log(`FAIL: ${name}: ${error.message.split('\n').slice(0, 6).join('\n    ')}\n    ${(error.stack || '').split('\n').filter((l) => l.includes('/tests/web/')).slice(0, 3).join('\n    ')}`);
    }
}
export function finish() {
    console.log(`${((Date.now() - began) / 1000).toFixed(0)} s; ${failures > 0 ? `${failures} failed` : 'all as expected'}`);
    process.exit(failures > 0 ? 1 : 0);
}
export function equal(found, wanted, what) {
    if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: expected ${JSON.stringify(wanted)}, found ${JSON.stringify(found)}`);
}
export function ok(value, what) {
    if (!value) throw new Error(what);
}
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export async function until(what, check, seconds = 90) {
    for (const end = Date.now() + 1000 * seconds; Date.now() < end; await sleep(50)) {
        const value = await check();
        if (value) return value;
    }
    throw new Error(`not within ${seconds} s: ${what}`);
}

process.env.XDG_DATA_HOME = path.join(work, 'data'); // networks that are imported
let server = null;
/** Starts dien serve; answers its address. port 0: one that is free. */
export async function serve(port = 0, more = []) {
    server = spawn(program, ['serve', '--port', String(port), '--folder', path.join(work, 'state'), '--jobs', '2', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    let errors = '';
    server.stdout.on('data', (d) => { text += d; });
    server.stderr.on('data', (d) => { errors += d; });
    const address = await until('dien serve prints its address', () => text.match(/http:\/\/\S+/)?.[0] ?? (server.exitCode !== null && `failed: ${errors}`), 20);
    if (!address.startsWith('http')) throw new Error(address);
    return address.replace(/\/$/, '');
}
export async function stop(signal = 'SIGTERM') {
    if (!server || server.exitCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill(signal);
    await gone;
}
process.on('exit', () => { if (server && server.exitCode === null) server.kill('SIGKILL'); });

export async function api(base, method, where, body) {
    const raw = body instanceof Uint8Array;
    const answer = await fetch(base + where, { method, headers: { 'X-Dien': '1', ...(body && !raw ? { 'Content-Type': 'application/json' } : {}) },
        body: body === undefined ? undefined : raw ? body : JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : null;
}
/** A scan brought in by the API. */
export async function job(base, name, bytes, more = { structures: ['hypothalamus'] }) {
    const upload = await api(base, 'POST', '/api/uploads', { files: [{ name: `${name}.nii.gz`, size: bytes.length }] });
    await api(base, 'PUT', `/api/uploads/${upload.id}/0?offset=0`, new Uint8Array(bytes));
    return api(base, 'POST', '/api/jobs', { upload: upload.id, name, ...more });
}

export const browser = await playwright.chromium.launch({ executablePath: chromium, args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader'] });
/** What a page complained of: errors of scripts, of the policy, of files that were not there. Each test of it ends with none. */
export const complaints = [];
/** structures: what the page measures of scans that are brought in there; one structure is sooner measured than all. */
export async function open(base, options = {}, structures = 'hypothalamus') {
    const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, ...options });
    await context.addInitScript((value) => localStorage.setItem('dien.structures', value), structures);
    const page = await context.newPage();
    page.setDefaultTimeout(25000);
    page.on('pageerror', (error) => complaints.push(error.stack));
    page.on('console', (message) => {
        const text = message.text();
        if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(text)) complaints.push(text);
    });
    page.on('request', (request) => { if (!request.url().startsWith(base) && !/^(data|blob):/.test(request.url())) complaints.push(`asked for ${request.url()}`); });
    page.base = base;
    page.to = (hash) => page.goto(`${base}/${hash}`);
    page.shot = async (name, more = {}) => { if (shots) await page.screenshot({ path: path.join(shots, `${name}.png`), ...more }); };
    return page;
}
/** The place of a scan with its viewer ready. */
export async function openScan(page, id, mode = '') {
    await page.to(`#/scan/${id}${mode}`);
    await page.waitForSelector(mode ? '.correct' : '.viewer.ready');
}
/** axe-core finds nothing serious. Its script comes in through the browser's own tools, which the page's policy does not hold back. */
export async function accessible(page, what) {
    await page.evaluate(axeSource);
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const bad = found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    equal(bad.map((v) => `${v.id}: ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].failureSummary}`), [], `axe-core on ${what}`);
}
