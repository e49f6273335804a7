// Lint: type-aware rules for all packages, and the determinism bans for the simulated ones.
import tseslint from 'typescript-eslint';

const SIMULATED = ['kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl', 'kubesim'];

const BANS = [
  { selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']", message: 'The host clock may not reach a result: use the virtual clock of the context.' },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'The host clock may not reach a result: use the virtual clock of the context.' },
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: 'The host random may not reach a result: use a named stream.' },
  { selector: "MemberExpression[object.name='performance']", message: 'The host clock may not reach a result.' },
  { selector: "CallExpression[callee.property.name='localeCompare']", message: 'Compare strings by code unit, never by locale.' },
  { selector: "CallExpression[callee.property.name=/^toLocale/]", message: 'The locale may not reach a result.' },
  { selector: 'ForInStatement', message: 'Iterate arrays, Maps or ordered maps: for…in has no order of ours.' },
  { selector: "Identifier[name=/^(setTimeout|setInterval|setImmediate|queueMicrotask)$/]", message: 'Host timers may not reach a result: send a task.' },
  { selector: "MemberExpression[object.name='Intl']", message: 'The locale data of the host may not reach a result.' },
  { selector: "MemberExpression[object.name='crypto']", message: 'The host random may not reach a result: derive identities.' },
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/generated/**', '**/*.mjs', '**/*.cjs', '**/tsup.config.ts', 'packages/conformance/vectors/**', 'reports/**'] },
  {
    files: ['packages/*/src/**/*.ts', 'packages/*/test/**/*.ts', 'examples/**/*.ts', 'bench/**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@typescript-eslint': tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-for-in-array': 'error',
      '@typescript-eslint/require-array-sort-compare': ['error', { ignoreStringArrays: true }],
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
    },
  },
  // Tests sort names of optional type; what they compare shows a wrong order at once.
  { files: ['packages/*/test/**/*.ts'], rules: { '@typescript-eslint/require-array-sort-compare': 'off' } },
  { files: SIMULATED.map((name) => `packages/${name}/src/**/*.ts`), rules: { 'no-restricted-syntax': ['error', ...BANS] } },
);
