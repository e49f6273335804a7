// Prints the tutorial as it happens in virtual time.
import { runTutorial } from './tutorial.ts';

for (const { title, command, output, happened } of runTutorial()) {
  console.log(`\n# ${title}\n$ kubectl ${command}`);
  console.log(output.trimEnd());
  if (happened.length > 0) console.log(happened.map((line) => `    ~ ${line}`).join('\n'));
}
