// Programs that run controllers: in one process, or in several of which the holder of a lease works.
import { createLeaderElector, electorName, type Controller, type LeaderElectionOptions, type ProcessHost } from '@kubesim/client';
import type { Machine } from '@kubesim/kernel';
import type { ClusterOptions } from './options.ts';

/** A program: its processes, and how they are elected. @internal */
export interface Program {
  readonly name: string;
  readonly controllers: readonly Controller[];
  readonly replicas: number;
  readonly election: LeaderElectionOptions | undefined;
}

const MANAGER = 'kube-controller-manager';

/** The controller managers and the user's programs, in the order in which they start. @internal */
export function programsOf(options: Required<ClusterOptions>, builtIn: readonly Controller[]): readonly Program[] {
  const { controllerManagers, controllers, operators } = options;
  return [
    { name: MANAGER, controllers: builtIn, replicas: controllerManagers, election: controllerManagers > 1 ? { namespace: 'kube-system', name: MANAGER } : undefined },
    ...controllers.map((controller): Program => ({ name: controller.name, controllers: [controller], replicas: 1, election: undefined })),
    ...operators.map(({ name, controllers: own, replicas = 1, leaderElection = replicas > 1 }): Program => {
      const election = leaderElection === false ? undefined : { namespace: 'default', name, ...(leaderElection === true ? {} : leaderElection) };
      return { name, controllers: own, replicas, election };
    }),
  ];
}

function processesOf({ name, replicas }: Program): readonly string[] {
  return Array.from({ length: replicas }, (_, index) => (index === 0 ? name : `${name}-${index + 1}`));
}

/** All controllers to be registered, electors among them. @internal */
export function controllersOf(programs: readonly Program[]): readonly Controller[] {
  return programs.flatMap((program) => {
    const { election } = program;
    return [...program.controllers, ...(election === undefined ? [] : processesOf(program).map((process) => createLeaderElector({ ...election, process, component: program.name })))];
  });
}

/** Starts the processes of a program. @internal */
export function startProgram(processes: ProcessHost, machine: Machine, program: Program): void {
  for (const [index, process] of processesOf(program).entries()) {
    processes.addControllers(machine, process, program.controllers, { elector: program.election === undefined ? undefined : electorName(process), isCopy: index > 0 });
  }
}
