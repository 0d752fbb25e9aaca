package io.freshet.model.cuda.device;

import org.bytedeco.cuda.cudart.CUgraphExec_st;

/**
 * A graph of CUDA that can be run.
 *
 * @param handle handle of the executable graph
 */
record CudaGraph(CUgraphExec_st handle) implements DeviceGraph {}
