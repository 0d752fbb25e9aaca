package io.freshet.model.cuda.device;

import io.freshet.model.cuda.device.CudaRequirements.MissingLibrary;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Loader;
import org.jspecify.annotations.Nullable;

/**
 * CUDA's libraries in this process: the driver's, and those of CUDA 13 that the engine needs.
 *
 * <p>They are loaded under absolute paths, or under their names where the loader knows them, before
 * JavaCPP's bindings, which then find them by name in the process. NVRTC loads its own part, {@code
 * libnvrtc-builtins.so.13.x}, by name at the first compilation; one that is beside it is therefore
 * loaded with it, and without any the first compilation fails and says so.
 */
public final class CudaLibraries {
    /** Class that is on the class path in a build with ND4J's own backend for CUDA. */
    public static final String ND4J_BACKEND = "org/nd4j/linalg/jcublas/JCublasBackend.class";

    private static final String DRIVER = "libcuda.so.1";

    /** Whether the process was probed: once, since bindings can be loaded only once. */
    private static boolean isProbed;

    private static Optional<String> obstacle = Optional.empty();

    private final ClassLoader classPath;
    private final LibrarySearch search;
    private final Map<String, String> environment;

    /**
     * @param classPath class loader of the bindings
     * @param given a folder that is searched before others; null for none
     */
    CudaLibraries(ClassLoader classPath, @Nullable Path given, Map<String, String> environment) {
        this.classPath = classPath;
        this.environment = environment;
        this.search = new LibrarySearch(given, environment, Path.of("/"));
    }

    /**
     * Loads what a device needs and looks for the first visible one. The first call decides for the
     * process.
     *
     * @param folder a folder with CUDA's libraries, which is searched before the others; null for
     *     none
     * @return in one line the first reason why no device can be used, with what to do; empty if
     *     {@link CudaDevice#open} can open device 0
     */
    public static synchronized Optional<String> findObstacle(@Nullable Path folder) {
        if (!isProbed) {
            obstacle = create(folder).probe();
            isProbed = true;
        }
        return obstacle;
    }

    /**
     * Looks for the driver, and loads nothing else.
     *
     * @param folder as in {@link #findObstacle}
     * @return in one line the reason why this process has nothing to do with a device, as most have
     *     not: no bindings in the build, or no driver; empty if there may be a device
     */
    public static synchronized Optional<String> findAbsence(@Nullable Path folder) {
        return create(folder).absence();
    }

    /**
     * Loads what compiling kernels needs, which is neither a device nor a driver.
     *
     * @param folder as in {@link #findObstacle}
     * @return in one line the reason why nothing can be compiled; empty if kernels can be
     */
    static Optional<String> findCompilerObstacle(@Nullable Path folder) {
        return create(folder).probeCompiler();
    }

    private static CudaLibraries create(@Nullable Path folder) {
        return new CudaLibraries(CudaLibraries.class.getClassLoader(), folder, System.getenv());
    }

    /** Returns the reason why there is no device, in the order build, driver. */
    Optional<String> absence() {
        return buildObstacle()
                .or(() -> loadProblem(DRIVER).map(problem -> CudaRequirements.driverAbsence()));
    }

    /** Returns the first obstacle in the order build, driver, libraries, bindings, device. */
    Optional<String> probe() {
        Optional<String> build = buildObstacle();
        if (build.isPresent()) {
            return build;
        }
        Optional<String> driver = loadProblem(DRIVER);
        if (driver.isPresent()) {
            return Optional.of(CudaRequirements.noDriver(driver.get()));
        }
        return load(List.of(CudaLibrary.values())).or(this::deviceObstacle);
    }

    /** Returns the first obstacle to compiling, in the order build, library, bindings. */
    Optional<String> probeCompiler() {
        return buildObstacle()
                .or(() -> load(List.of(CudaLibrary.COMPILER)))
                .or(
                        () -> {
                            try {
                                CudaBindings.loadCompiler();
                                return Optional.empty();
                            } catch (LinkageError e) {
                                return Optional.of(CudaRequirements.brokenBindings(e));
                            }
                        });
    }

    private Optional<String> buildObstacle() {
        if (classPath.getResource(ND4J_BACKEND) != null) {
            return Optional.of(CudaRequirements.otherBindings());
        }
        String platform = Loader.getPlatform();
        return classPath.getResource("org/bytedeco/cuda/" + platform + "/libjnicudart.so") == null
                ? Optional.of(CudaRequirements.noBindings(platform))
                : Optional.empty();
    }

    private Optional<String> load(List<CudaLibrary> libraries) {
        List<MissingLibrary> missing = new ArrayList<>();
        for (CudaLibrary library : libraries) {
            loadProblem(library.soname())
                    .ifPresent(
                            problem ->
                                    missing.add(
                                            new MissingLibrary(
                                                    library,
                                                    problem,
                                                    search.find(library.olderSoname())
                                                            .map(Path::toString))));
        }
        return CudaRequirements.librariesObstacle(missing, search.missingFolder());
    }

    /**
     * Loads a library, wherever it is found first.
     *
     * @return what the loader said to the last file that exists, or else to the name; empty if the
     *     library was loaded
     */
    private Optional<String> loadProblem(String library) {
        String problem = "";
        for (String candidate : search.candidates(library)) {
            try {
                Loader.loadGlobal(candidate);
                if (library.equals(CudaLibrary.COMPILER.soname())) {
                    LibrarySearch.builtins(Path.of(candidate)).forEach(Loader::loadGlobal);
                }
                return Optional.empty();
            } catch (UnsatisfiedLinkError e) {
                if (problem.isEmpty() || !candidate.equals(library)) {
                    problem = String.valueOf(e.getMessage());
                }
            }
        }
        return Optional.of(problem);
    }

    private Optional<String> deviceObstacle() {
        try {
            CudaBindings.load();
            return CudaRequirements.driverObstacle(CudaBindings.driverVersion())
                    .or(
                            () ->
                                    CudaRequirements.visibilityObstacle(
                                            CudaBindings.deviceCount(), environment))
                    .or(() -> CudaRequirements.deviceObstacle(CudaBindings.properties(0)));
        } catch (LinkageError e) {
            return Optional.of(CudaRequirements.brokenBindings(e));
        } catch (DeviceException e) {
            return Optional.of(CudaRequirements.noAnswer(e));
        }
    }
}
