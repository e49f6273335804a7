// Addresses of pods out of the node's range, as the host-local plugin hands them out. B.12.
import type { Epoch } from '@kubesim/kernel';
import type { KubeletState } from '../kubelet-state.ts';

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** The next free address of a range: .1 is the bridge, the last one broadcast. Throws RangeError when none is free. */
export function allocateAddress(state: KubeletState, epoch: Epoch, range: string, uid: string, reuse: 'round-robin' | 'lowest'): string {
  const [base = '10.244.0.0', bits = '24'] = range.split('/');
  const size = 2 ** (32 - Number(bits));
  const first = toNumber(base);
  for (let step = 1; step < size; step++) {
    const offset = reuse === 'lowest' ? step + 1 : 2 + ((state.lastAddress - 2 + step + (size - 3)) % (size - 3));
    const address = toText(first + offset);
    if (offset >= size - 1 || state.addresses.has(address)) continue;
    state.lastAddress = offset;
    state.addresses = state.addresses.set(epoch, address, uid);
    return address;
  }
  throw new RangeError(`kubelet: no address is free in ${range}`);
}
