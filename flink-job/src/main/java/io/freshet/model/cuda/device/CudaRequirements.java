package io.freshet.model.cuda.device;

import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The requirements of the learner's engine, each with the line that says what a machine lacks and
 * what to do.
 */
final class CudaRequirements {
    private static final int OLDEST_MAJOR = 7;
    private static final int OLDEST_MINOR = 5;

    private static final String DRIVER = "install driver 580 or newer";

    private CudaRequirements() {}

    /**
     * A library that cannot be loaded.
     *
     * @param problem the loader's message
     * @param older the library of the version before, if it is there
     */
    record MissingLibrary(CudaLibrary library, String problem, Optional<String> older) {
        private String text() {
            return older.map(file -> library.soname() + ": there is only " + file).orElse(problem);
        }
    }

    /** Returns the line for a build with the bindings of another version. */
    static String otherBindings() {
        return "this build has ND4J's bindings of CUDA 11.6; build without the profile nd4j-cuda";
    }

    /** Returns the line for a platform without bindings. */
    static String noBindings(String platform) {
        return "there are no bindings of CUDA for "
                + platform
                + " on the class path; they exist for linux-x86_64 and linux-arm64, and the"
                + " property native.classifier of the build names the platform";
    }

    /** Returns the line for bindings that cannot be loaded although all libraries were. */
    static String brokenBindings(LinkageError error) {
        return "the bindings of CUDA cannot be loaded (" + error.getMessage() + ")";
    }

    /** Returns the line for a driver that is there and does not work. */
    static String noAnswer(DeviceException error) {
        return "CUDA does not answer ("
                + error.getMessage()
                + "); see whether nvidia-smi lists the GPU, and after an update of the driver start"
                + " the machine anew";
    }

    /**
     * Returns the line for a machine without a driver.
     *
     * @param problem the loader's message
     */
    static String noDriver(String problem) {
        return "no NVIDIA driver (" + problem + "); " + DRIVER;
    }

    /** Returns the line for a machine without a driver, on which nobody asked for a device. */
    static String driverAbsence() {
        return "there is no NVIDIA driver";
    }

    /**
     * Returns the line for missing libraries; empty if none is missing.
     *
     * @param missingFolder the folder that was given for them, if it does not exist
     */
    static Optional<String> librariesObstacle(
            List<MissingLibrary> missing, Optional<Path> missingFolder) {
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        Set<String> debian = new LinkedHashSet<>();
        Set<String> pip = new LinkedHashSet<>();
        for (MissingLibrary library : missing) {
            debian.add(library.library().debianPackage());
            pip.add(library.library().pipPackage());
        }
        return Optional.of(
                "libraries of CUDA "
                        + CudaLibrary.MAJOR
                        + " are missing ("
                        + String.join("; ", missing.stream().map(MissingLibrary::text).toList())
                        + missingFolder.map(folder -> "; there is no folder " + folder).orElse("")
                        + "); install "
                        + String.join(", ", debian)
                        + " (Debian, Ubuntu) or "
                        + String.join(", ", pip)
                        + " "
                        + CudaLibrary.MAJOR
                        + " (pip), and name their folder in device.libraries (gpu-check:"
                        + " --libraries) or LD_LIBRARY_PATH if the loader does not know it");
    }

    /**
     * Returns the line for a driver that is too old; empty if it is not.
     *
     * @param version of CUDA that the driver supports, such as 13000
     */
    static Optional<String> driverObstacle(int version) {
        return version >= CudaLibrary.MAJOR * 1000
                ? Optional.empty()
                : Optional.of(
                        "the NVIDIA driver supports CUDA up to "
                                + versionText(version)
                                + "; "
                                + DRIVER);
    }

    /** Returns a version of CUDA as people write it, such as 13.0 for 13000. */
    static String versionText(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /**
     * Returns the line for a process that sees no device; empty if it sees one.
     *
     * @param count number of visible devices
     */
    static Optional<String> visibilityObstacle(int count, Map<String, String> environment) {
        if (count > 0) {
            return Optional.empty();
        }
        String visible = environment.get("CUDA_VISIBLE_DEVICES");
        return Optional.of(
                visible == null
                        ? "no GPU is visible; nvidia-smi lists those of the machine, and a"
                                + " container has to be started with them"
                        : "no GPU is visible, since CUDA_VISIBLE_DEVICES is '"
                                + visible
                                + "'; unset it, or list numbers or UUIDs of nvidia-smi -L");
    }

    /** Returns the line for a device that is too old; empty if it is not. */
    static Optional<String> deviceObstacle(DeviceProperties device) {
        boolean isTooOld =
                device.major() < OLDEST_MAJOR
                        || (device.major() == OLDEST_MAJOR && device.minor() < OLDEST_MINOR);
        return isTooOld
                ? Optional.of(
                        device.name()
                                + " has compute capability "
                                + device.major()
                                + "."
                                + device.minor()
                                + ", and CUDA "
                                + CudaLibrary.MAJOR
                                + " begins at "
                                + OLDEST_MAJOR
                                + "."
                                + OLDEST_MINOR
                                + "; name a newer one in CUDA_VISIBLE_DEVICES if the machine has"
                                + " one, or build with the profile nd4j-cuda for this one")
                : Optional.empty();
    }
}
