// Prints the tutorial as it happens in virtual time.
import { compare } from './comparison.ts';
import { runTutorial } from './tutorial.ts';

console.log('# Deployment and StatefulSet, side by side');
for (const { feature, deployment, statefulSet } of compare()) console.log(`${feature}\n    Deployment:  ${deployment}\n    StatefulSet: ${statefulSet}`);

for (const { title, command, output, happened } of runTutorial()) {
  console.log(`\n# ${title}\n$ kubectl ${command}`);
  console.log(output.trimEnd());
  if (happened.length > 0) console.log(happened.map((line) => `    ~ ${line}`).join('\n'));
}
