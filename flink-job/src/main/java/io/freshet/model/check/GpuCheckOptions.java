package io.freshet.model.check;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The options of {@code gpu-check}.
 *
 * @param out file of the report as JSON; null for none
 * @param isQuick whether only a few minutes' worth is checked and measured
 * @param events number of synthetic events of a long run; 0 for none
 * @param bundle directory to write a bundle to, instead of checking; null to check
 * @param baselines script that measures PyTorch and JAX; null for none
 * @param libraries folder of CUDA's libraries, which is searched first; null for none
 * @param isUnderSanitizer whether only a part of the contract runs, for compute-sanitizer
 * @param wantsHelp whether only the usage is printed
 */
public record GpuCheckOptions(
        @Nullable Path out,
        boolean isQuick,
        long events,
        @Nullable Path bundle,
        @Nullable Path baselines,
        @Nullable Path libraries,
        boolean isUnderSanitizer,
        boolean wantsHelp) {
    /** The option of the process that compute-sanitizer watches. */
    static final String UNDER_SANITIZER = "--under-sanitizer";

    static final String USAGE =
            """
            Usage: gpu-check [--quick] [--events N] [--out FILE] [--libraries DIR]
                   gpu-check --bundle DIR
            Checks the learner on this machine's CUDA device, and measures it.
              --quick          checks small shapes only, and measures for seconds; without
                               compute-sanitizer, PyTorch and JAX
              --events N       also learns N synthetic events beside doubles; 100000000
                               show whether errors add up, and take some ten minutes
              --out FILE       writes the report as JSON, too
              --libraries DIR  looks there first for CUDA's libraries
              --baselines FILE measures PyTorch and JAX with this script, if they are there
              --bundle DIR     checks nothing, but writes a directory of at most 60 MB that
                               has all that DIR/gpu-check needs on a machine without Java
            Exit codes: 0 if all held, 1 if something did not, 2 without a usable device or
            if the arguments are invalid.
            """;

    /**
     * Parses arguments.
     *
     * @throws IllegalArgumentException if they are invalid; the message is one line
     */
    static GpuCheckOptions parse(List<String> arguments) {
        Path out = null;
        Path bundle = null;
        Path baselines = null;
        Path libraries = null;
        boolean isQuick = false;
        long events = 0;
        boolean isUnderSanitizer = false;
        boolean wantsHelp = false;
        for (int i = 0; i < arguments.size(); i++) {
            String name = arguments.get(i);
            switch (name) {
                case "--quick" -> isQuick = true;
                case "--events" -> events = count(arguments, ++i);
                case UNDER_SANITIZER -> isUnderSanitizer = true;
                case "--help", "-h" -> wantsHelp = true;
                case "--out" -> out = value(arguments, ++i);
                case "--bundle" -> bundle = value(arguments, ++i);
                case "--baselines" -> baselines = value(arguments, ++i);
                case "--libraries" -> libraries = value(arguments, ++i);
                default ->
                        throw new IllegalArgumentException(
                                "unknown option " + name + "; --help lists them");
            }
        }
        requireFolder("--libraries", libraries);
        requireFolder("--out", out == null ? null : out.toAbsolutePath().getParent());
        return new GpuCheckOptions(
                out, isQuick, events, bundle, baselines, libraries, isUnderSanitizer, wantsHelp);
    }

    private static void requireFolder(String option, @Nullable Path folder) {
        if (folder != null && !Files.isDirectory(folder)) {
            throw new IllegalArgumentException(option + ": there is no folder " + folder);
        }
    }

    private static Path value(List<String> arguments, int index) {
        return Path.of(text(arguments, index, "a path"));
    }

    private static long count(List<String> arguments, int index) {
        String text = text(arguments, index, "a number");
        if (!text.matches("[1-9][0-9]{0,17}")) {
            throw new IllegalArgumentException(
                    "option "
                            + arguments.get(index - 1)
                            + " needs a whole number from 1 on, not "
                            + text);
        }
        return Long.parseLong(text);
    }

    private static String text(List<String> arguments, int index, String kind) {
        if (index == arguments.size() || arguments.get(index).startsWith("--")) {
            throw new IllegalArgumentException(
                    "option " + arguments.get(index - 1) + " needs " + kind);
        }
        return arguments.get(index);
    }
}
