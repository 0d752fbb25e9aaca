package io.freshet.model.cuda.device;

/** A library of CUDA that the learner's engine needs, in the order in which they are loaded. */
enum CudaLibrary {
    RUNTIME("libcudart", "cuda-cudart", "nvidia-cuda-runtime"),
    /** Before {@link #BLAS}, which needs it. */
    BLAS_LIGHT("libcublasLt", "libcublas", "nvidia-cublas"),
    BLAS("libcublas", "libcublas", "nvidia-cublas"),
    COMPILER("libnvrtc", "cuda-nvrtc", "nvidia-cuda-nvrtc");

    /** The version that the bindings were built against. */
    static final int MAJOR = 13;

    private final String name;
    private final String debianPackage;
    private final String pipPackage;

    CudaLibrary(String name, String debianPackage, String pipPackage) {
        this.name = name;
        this.debianPackage = debianPackage;
        this.pipPackage = pipPackage;
    }

    /** Returns the name under which the loader knows the library. */
    String soname() {
        return name + ".so." + MAJOR;
    }

    /** Returns the name of the library of the version before. */
    String olderSoname() {
        return name + ".so." + (MAJOR - 1);
    }

    /** Returns the package of NVIDIA's repositories for Debian and Ubuntu. */
    String debianPackage() {
        return debianPackage + "-" + MAJOR + "-0";
    }

    /** Returns the package for Python, whose versions are those of CUDA. */
    String pipPackage() {
        return pipPackage;
    }
}
