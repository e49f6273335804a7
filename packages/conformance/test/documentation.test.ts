// Every code block of the documents is run. A block that leans on something that would only distract the reader is preceded by a
// comment `<!-- given: … -->` that holds it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fastCheck from 'fast-check';
import typescript from 'typescript';
import { describe, expect, it } from 'vitest';
import * as api from '@kubesim/api';
import * as client from '@kubesim/client';
import * as http from '@kubesim/http';
import * as testing from '@kubesim/testing';
import * as testingVitest from '@kubesim/testing/vitest';
import * as kubesim from 'kubesim';

const root = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const documents = ['README.md', 'README.zh.md', ...readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)];

interface Block {
  readonly document: string;
  readonly line: number;
  readonly language: string;
  readonly code: string;
  readonly given: string;
}

const blocks: readonly Block[] = documents.flatMap((document) => {
  const text = read(document);
  return [...text.matchAll(/(?:<!-- given:\n([\s\S]*?)-->\n+)?```(\w*)\n([\s\S]*?)```/g)].map(([whole, given = '', language = '', code = ''], index, all) => ({
    document, line: text.slice(0, (all[index]?.index ?? 0) + whole.length - code.length).split('\n').length, language, code, given,
  }));
});

// That a property's example runs is the question here, not what it finds.
fastCheck.configureGlobal({ numRuns: 5 });

/** Runs a block as the module that it is: tests in it run at once. */
async function run({ code, given }: Block): Promise<void> {
  const waiting: (Promise<void> | void)[] = [];
  const vitest = { expect, it: (_title: string, test: () => Promise<void> | void) => { waiting.push(test()); }, test: undefined, describe: (_title: string, body: () => void) => { body(); } };
  const modules: Readonly<Record<string, unknown>> = { kubesim, vitest, 'fast-check': { ...fastCheck, __esModule: true }, '@kubesim/testing': testing, '@kubesim/testing/vitest': testingVitest, '@kubesim/client': client, '@kubesim/api': api, '@kubesim/http': http, 'node:fs': { readFileSync: () => '', writeFileSync: () => undefined } };
  const { outputText } = typescript.transpileModule(`${given}\n${code}`, { compilerOptions: { module: typescript.ModuleKind.CommonJS, target: typescript.ScriptTarget.ES2022, esModuleInterop: true } });
  const require = (name: string): unknown => {
    if (modules[name] === undefined) throw new Error(`the block imports ${name}, which the documents do not use`);
    return modules[name];
  };
  const lines: string[] = [];
  const console = { log: (...words: unknown[]) => { lines.push(words.join(' ')); } };
  const AsyncFunction = Object.getPrototypeOf(async () => { /* its constructor */ }).constructor as new (...parts: string[]) => (...args: unknown[]) => Promise<void>;
  await new AsyncFunction('require', 'exports', 'console', outputText)(require, {}, console);
  await Promise.all(waiting);
}

describe('the code blocks of the documents', () => {
  const code = blocks.filter(({ language }) => language === 'ts');
  it('should be found', () => {
    expect(code.length).toBeGreaterThanOrEqual(8);
    expect(blocks.filter(({ language }) => !['ts', 'sh', 'yaml', 'json', ''].includes(language))).toEqual([]);
  });
  it.each(code.map((block) => [`${block.document}:${block.line}`, block] as const))('%s should run', async (_place, block) => {
    await run(block);
  });
  it('should call scripts that there are', () => {
    const scripts = Object.keys((JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }).scripts);
    const called = blocks.filter(({ language }) => language === 'sh').flatMap(({ code: text }) => [...text.matchAll(/pnpm(?:@\S+)? (?:run )?([\w-]+)/g)].map(([, script]) => script ?? ''));
    expect(called.length).toBeGreaterThan(2);
    expect(called.filter((script) => !['install', 'test', 'vitest', 'add', 'i', ...scripts].includes(script))).toEqual([]);
  });
  it('should be the same first test in the README and in the example', () => {
    const example = read('examples/vitest/test/first.test.ts');
    expect(code.some((block) => block.document === 'README.md' && block.code.trim() === example.trim())).toBe(true);
  });
  it('should lead to files that there are', () => {
    const dead = documents.flatMap((document) => [...read(document).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].filter(([, target = '']) => {
      try {
        readFileSync(join(root, document, '..', target));
        return false;
      } catch (error) {
        return (error as { readonly code?: string }).code !== 'EISDIR';
      }
    }).map(([, target]) => `${document}: ${target}`));
    expect(dead).toEqual([]);
  });
});
