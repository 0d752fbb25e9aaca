package io.freshet.model.cuda.device;

import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The CUDA devices of the machine on which the methods are called.
 *
 * @param libraries folder with CUDA's libraries, which is searched before others; null for none
 * @param kernelCache folder in which compiled kernels are kept, {@value #AUTO} for one in the
 *     user's cache folder, or {@value #OFF} to compile at each start
 */
public record InstalledDevices(@Nullable String libraries, String kernelCache) implements Devices {
    /** Keeps compiled kernels in the user's cache folder. */
    public static final String AUTO = "auto";

    /** Keeps no compiled kernels. */
    public static final String OFF = "off";

    private @Nullable Path librariesPath() {
        return libraries == null ? null : Path.of(libraries);
    }

    private @Nullable Path kernelCachePath() {
        return switch (kernelCache) {
            case OFF -> null;
            case AUTO -> userCache().resolve("freshet").resolve("kernels");
            default -> Path.of(kernelCache);
        };
    }

    /** Returns the user's cache folder, by the convention of freedesktop.org. */
    private static Path userCache() {
        String cache = System.getenv("XDG_CACHE_HOME");
        return cache != null && Path.of(cache).isAbsolute()
                ? Path.of(cache)
                : Path.of(System.getProperty("user.home"), ".cache");
    }

    @Override
    public Optional<String> findAbsence() {
        return CudaLibraries.findAbsence(librariesPath());
    }

    @Override
    public Optional<String> findObstacle() {
        return CudaLibraries.findObstacle(librariesPath());
    }

    @Override
    public Device open(Consumer<String> warnings) {
        return CudaDevice.open(0, kernelCachePath(), warnings);
    }
}
