package io.freshet.model.check;

import io.freshet.model.cuda.device.Device;
import io.freshet.model.cuda.device.DeviceProperties;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Facts about a device and its libraries.
 *
 * @param freeBytes memory that no process has allocated
 * @param libraries files of CUDA's libraries that the process has loaded; empty where the system
 *     does not say
 */
record CardFacts(DeviceProperties device, long freeBytes, List<String> libraries) {
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final List<String> NAMES =
            List.of(
                    "/libcuda.so",
                    "/libcudart.so",
                    "/libcublas.so",
                    "/libcublasLt.so",
                    "/libnvrtc.so");

    static CardFacts of(Device device) {
        return new CardFacts(device.properties(), device.freeBytes(), loaded());
    }

    private static List<String> loaded() {
        if (!Files.isReadable(MAPS)) {
            return List.of();
        }
        try {
            return libraries(Files.readAllLines(MAPS));
        } catch (IOException e) {
            return List.of(MAPS + " cannot be read: " + e.getMessage());
        }
    }

    /**
     * Returns the files of CUDA's libraries.
     *
     * @param maps lines of {@code /proc/self/maps}
     */
    static List<String> libraries(List<String> maps) {
        return maps.stream()
                .filter(line -> NAMES.stream().anyMatch(line::contains))
                .map(line -> line.substring(line.indexOf('/')))
                .distinct()
                .sorted()
                .toList();
    }
}
