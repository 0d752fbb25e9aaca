package io.freshet.model.cuda.device;

import static io.freshet.model.cuda.device.CudaStatus.checkBlas;
import static org.bytedeco.cuda.global.cublas.CUBLAS_DEFAULT_MATH;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_N;
import static org.bytedeco.cuda.global.cublas.CUBLAS_OP_T;
import static org.bytedeco.cuda.global.cublas.CUBLAS_POINTER_MODE_HOST;
import static org.bytedeco.cuda.global.cublas.cublasCreate_v2;
import static org.bytedeco.cuda.global.cublas.cublasDestroy_v2;
import static org.bytedeco.cuda.global.cublas.cublasSetMathMode;
import static org.bytedeco.cuda.global.cublas.cublasSetPointerMode_v2;
import static org.bytedeco.cuda.global.cublas.cublasSetStream_v2;
import static org.bytedeco.cuda.global.cublas.cublasSetWorkspace_v2;
import static org.bytedeco.cuda.global.cublas.cublasSgemmStridedBatched;
import static org.bytedeco.cuda.global.cublas.cublasSgemm_v2;

import io.freshet.model.cuda.device.ColumnMajorProduct.Factor;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;

/**
 * A handle of cuBLAS for one stream, with a workspace of its own: products can be captured, and
 * equal products have equal results.
 */
final class CudaProducts {
    /** What NVIDIA recommends for compute capability 9.0 and newer. */
    static final long WORKSPACE_BYTES = 32L << 20;

    private final cublasContext handle = new cublasContext();
    private final FloatPointer one;
    private final FloatPointer beta;

    /** Creates a handle on the calling thread's device, which is freed by {@code releases}. */
    CudaProducts(CUstream_st stream, Releases releases) {
        DeviceMemory workspace = CudaMemory.allocate(WORKSPACE_BYTES, releases);
        checkBlas(cublasCreate_v2(handle), "cublasCreate");
        releases.add(() -> checkBlas(cublasDestroy_v2(handle), "cublasDestroy"));
        checkBlas(cublasSetStream_v2(handle, stream), "cublasSetStream");
        // After cublasSetStream, which resets it.
        checkBlas(
                cublasSetWorkspace_v2(handle, new Address(workspace.address()), workspace.bytes()),
                "cublasSetWorkspace");
        checkBlas(cublasSetMathMode(handle, CUBLAS_DEFAULT_MATH), "cublasSetMathMode");
        checkBlas(
                cublasSetPointerMode_v2(handle, CUBLAS_POINTER_MODE_HOST), "cublasSetPointerMode");
        one = new FloatPointer(1);
        releases.add(one::close);
        one.put(1f);
        beta = new FloatPointer(1);
        releases.add(beta::close);
    }

    /** Multiplies matrices. */
    void multiply(ColumnMajorProduct product) {
        beta.put(product.beta());
        Factor first = product.first();
        Factor second = product.second();
        Factor result = product.result();
        if (product.count() == 1) {
            checkBlas(
                    cublasSgemm_v2(
                            handle,
                            operation(first),
                            operation(second),
                            product.m(),
                            product.n(),
                            product.k(),
                            one,
                            elements(first),
                            first.leadingDimension(),
                            elements(second),
                            second.leadingDimension(),
                            beta,
                            elements(result),
                            result.leadingDimension()),
                    "cublasSgemm");
        } else {
            checkBlas(
                    cublasSgemmStridedBatched(
                            handle,
                            operation(first),
                            operation(second),
                            product.m(),
                            product.n(),
                            product.k(),
                            one,
                            elements(first),
                            first.leadingDimension(),
                            first.matrixStride(),
                            elements(second),
                            second.leadingDimension(),
                            second.matrixStride(),
                            beta,
                            elements(result),
                            result.leadingDimension(),
                            result.matrixStride(),
                            product.count()),
                    "cublasSgemmStridedBatched");
        }
    }

    private static int operation(Factor factor) {
        return factor.isTransposed() ? CUBLAS_OP_T : CUBLAS_OP_N;
    }

    private static FloatPointer elements(Factor factor) {
        return new FloatPointer(new Address(factor.address()));
    }
}
