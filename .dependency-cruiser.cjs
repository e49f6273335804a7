// The arrows between packages: only downward, as docs/ARCHITECTURE.md draws them.
const MAY_IMPORT = {
  kernel: [], api: [], apiserver: ['kernel', 'api'], client: ['kernel', 'api'],
  controllers: ['client', 'api', 'kernel'], scheduler: ['client', 'api', 'kernel'], kubelet: ['client', 'api', 'kernel'], kubectl: ['api'],
  kubesim: ['kernel', 'api', 'apiserver', 'client', 'controllers', 'scheduler', 'kubelet', 'kubectl'],
  testing: ['kubesim', 'kernel', 'api', 'apiserver', 'client', 'controllers'], http: ['kubesim', 'api', 'apiserver', 'kernel'],
  cli: ['kubesim', 'http', 'testing', 'api'],
};

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', comment: 'A cycle between files hides which comes first.', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    ...Object.entries(MAY_IMPORT).map(([name, allowed]) => ({
      name: `${name}-arrows`, severity: 'error', comment: `${name} may import only: ${allowed.join(', ') || 'nothing'}`,
      from: { path: `^packages/${name}/src` },
      to: { path: '^packages/', pathNot: [name, ...allowed].map((each) => `^packages/${each}/`) },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' }, exclude: { path: '(^|/)dist/' }, tsPreCompilationDeps: true, tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'types'] },
  },
};
