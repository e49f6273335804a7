// Which release the server says it is.
import type { ApiProfile } from '@kubesim/api';

/** Such as `v1.37.2`. @internal */
export function gitVersion(profile: ApiProfile): string {
  return `v${profile.kubernetes}.2`;
}
