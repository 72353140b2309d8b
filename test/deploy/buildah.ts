import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { NPM_CACHE, networkSettings } from '../newcomer/clean-machine.ts';

/**
 * Builds `deploy/Dockerfile` without a Docker engine: buildah with chroot isolation, its storage in a folder of the checkout.
 *
 * The base images of Docker's registry are out of reach, so a stand-in takes their place: the Node of this project and what
 * the Dockerfile calls besides, copied from this machine with the shared libraries that they ask for. A whole Debian by
 * `debootstrap` would add half a minute and nothing that the build or the program touches; the stand-in shows by its
 * poverty what an image needs.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODE = join(ROOT, 'node_modules/node/bin/node');
const BASE = 'localhost/streamlens-node:stand-in';

/** What the Dockerfile's RUN lines call beside node and npm. */
const PROGRAMS = ['/bin/sh', '/usr/bin/env', '/bin/mkdir', '/bin/sed'];

const BUILD_MS_MAX = 900_000;

const run = promisify(execFile);

export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly Volumes: Readonly<Record<string, unknown>>;
  readonly ExposedPorts: Readonly<Record<string, unknown>>;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export class Buildah {
  readonly #storage: string;

  private constructor(storage: string) {
    this.#storage = storage;
  }

  /** With the stand-in in its storage. */
  static async create(): Promise<Buildah> {
    const cache = join(ROOT, 'node_modules/.cache');
    await mkdir(cache, { recursive: true });
    const buildah = new Buildah(await mkdtemp(join(cache, 'buildah-')));
    const container = await buildah.#call(['from', 'scratch']);
    await fillBase(await buildah.#call(['mount', container]));
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', ...networkSettings() };
    const variables = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    await buildah.#call(['config', ...variables, container]);
    await buildah.#call(['umount', container]);
    await buildah.#call(['commit', '--rm', '--quiet', container, BASE]);
    return buildah;
  }

  /** Builds the image, or one stage of it, for a kind of machine. */
  async build(tag: string, { arch, stage }: { readonly arch: string; readonly stage?: string }): Promise<void> {
    const options = ['--isolation', 'chroot', '--format', 'docker', '--pull-never'];
    const values = ['--build-arg', `NODE_IMAGE=${BASE}`, '--build-arg', `TARGETARCH=${arch}`];
    const cache = ['--volume', `${NPM_CACHE}:/root/.npm`];
    const target = stage === undefined ? [] : ['--target', stage];
    const file = ['--file', join(ROOT, 'deploy/Dockerfile'), '--tag', `localhost/${tag}`, ROOT];
    await this.#call(['build', ...options, ...values, ...cache, ...target, ...file]);
  }

  async configOf(tag: string): Promise<ImageConfig> {
    const inspected = await this.#call(['inspect', '--type', 'image', `localhost/${tag}`]);
    return (JSON.parse(inspected) as { Docker: { config: ImageConfig } }).Docker.config;
  }

  /** @returns where the files of the image lie */
  async mount(tag: string): Promise<string> {
    return this.#call(['mount', await this.#call(['from', '--pull-never', `localhost/${tag}`])]);
  }

  async remove(): Promise<void> {
    await this.#call(['umount', '--all']);
    // With overlays its folder is a mount of its own, which stays.
    await run('umount', ['--recursive', join(this.#storage, 'root/overlay')]).catch(() => undefined);
    await rm(this.#storage, { recursive: true, force: true, maxRetries: 5 });
  }

  async #call(args: readonly string[]): Promise<string> {
    const places = ['--root', join(this.#storage, 'root'), '--runroot', join(this.#storage, 'run')];
    const limits = { maxBuffer: 1 << 26, timeout: BUILD_MS_MAX };
    const { stdout } = await run('buildah', [...places, ...args], limits);
    return stdout.trim();
  }
}

async function fillBase(root: string): Promise<void> {
  const { stdout } = await run('ldd', [NODE, ...PROGRAMS]);
  const libraries = new Set(Array.from(stdout.matchAll(/\/\S+\.so\S*/g), ([path]) => path));
  const certificates = Object.values(networkSettings()).filter((value) => /^\/.+\.(crt|pem)$/.test(value));
  for (const path of new Set([...PROGRAMS, ...libraries, ...certificates])) {
    await cp(path, join(root, path), { dereference: true });
  }
  const { stdout: npm } = await run('bash', ['-c', 'realpath "$(command -v npm)"']);
  await cp(NODE, join(root, 'usr/local/bin/node'), { dereference: true });
  await cp(dirname(dirname(npm.trim())), join(root, 'usr/local/lib/node_modules/npm'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  await symlink('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  const files = {
    'etc/passwd': 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n',
    'etc/group': 'root:x:0:\nnode:x:1000:\n',
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  for (const path of ['root', 'home/node', 'tmp', 'proc', 'dev']) await mkdir(join(root, path), { recursive: true });
}
