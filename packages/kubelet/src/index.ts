export { createKubelet, DEFAULT_TIMING, INSTANT_TIMING, liveProcesses, type KubeletMessage, type KubeletOptions, type KubeletState, type KubeletTiming, type PodWorker } from './kubelet.ts';
