// ImageLocality: nodes that hold the pod's images. Upstream: plugins/imagelocality (1.37).
import type { SchedulerPlugin } from '../framework.ts';

const MEBIBYTE = 1024 * 1024;
const LEAST = 23 * MEBIBYTE;
const MOST_PER_CONTAINER = 1000 * MEBIBYTE;

function normalizedName(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}

/** Prefers nodes that hold large images of the pod, weighed by how widely they are spread. @public */
export const imageLocality: SchedulerPlugin = {
  name: 'ImageLocality',
  preScore: (cycle) => {
    const table = cycle.snapshot.images();
    const images: { name: string; scaled: number }[] = [];
    const containers = [...cycle.pod.spec?.initContainers ?? [], ...cycle.pod.spec?.containers ?? []];
    for (const container of containers) {
      const name = normalizedName(container.image ?? '');
      const known = table.get(name);
      if (known !== undefined) images.push({ name, scaled: Math.trunc(known.size * (known.nodeCount / cycle.snapshot.list.length)) });
    }
    cycle.data.set('ImageLocality', { images, most: MOST_PER_CONTAINER * containers.length });
    return true;
  },
  score: (cycle, { node }) => {
    const { images, most } = cycle.data.get('ImageLocality') as { images: readonly { name: string; scaled: number }[]; most: number };
    if (images.length === 0) return 0;
    let sum = 0;
    for (const { name, scaled } of images) {
      if (node.status?.images?.some((image) => image.names?.includes(name))) sum += scaled;
    }
    return Math.trunc((100 * (Math.min(Math.max(sum, LEAST), most) - LEAST)) / (most - LEAST));
  },
};
