// The name by which a volume's attachment to a node is known to who makes it and to who waits for it.
import { formatDigest, Hasher } from '@kubesim/kernel';

/** Name of the VolumeAttachment of a volume, its driver and a node. Upstream: pkg/volume/csi getAttachmentName (1.37), with another digest. @public */
export function attachmentName(volume: string, driver: string, node: string): string {
  const digest = formatDigest(new Hasher().text(volume).text(driver).text(node).finish());
  return `csi-${digest.replace(/[^0-9a-f]/g, '')}`;
}
