package io.freshet.model.check;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * Times of PyTorch and JAX on the same device, by the script {@code gpu_baselines.py}.
 *
 * @param micros microseconds of a block event by event, by {@code framework shape}
 * @param remarks what there is to say instead, such as that a framework is not there
 */
record Baselines(Map<String, Double> micros, List<String> remarks) {
    static final List<String> FRAMEWORKS = List.of("pytorch", "jax");

    private static final int MINUTES = 10;

    static Baselines none(String remark) {
        return new Baselines(Map.of(), List.of(remark));
    }

    /** Runs the script. */
    static Baselines measure(Path script, List<Shape> shapes) {
        if (Programs.find("python3").isEmpty()) {
            return none("there is no python3 on the PATH");
        }
        List<String> command = new ArrayList<>(List.of("python3", script.toString()));
        shapes.forEach(shape -> command.add(shape.key()));
        Programs.Ended ended = Programs.run(command, MINUTES);
        Baselines parsed = parse(ended.output().lines().toList());
        if (ended.status() == 0) {
            return parsed;
        }
        List<String> remarks = new ArrayList<>(parsed.remarks());
        String last = ended.output().lines().reduce("", (before, line) -> line);
        remarks.add(script.getFileName() + " ended with " + ended.status() + ": " + last);
        return new Baselines(parsed.micros(), remarks);
    }

    /**
     * Parses the script's lines: {@code framework shape microseconds}, or {@code # remark}. Others,
     * such as a framework's warnings, are left out.
     */
    static Baselines parse(List<String> lines) {
        Map<String, Double> micros = new TreeMap<>();
        List<String> remarks = new ArrayList<>();
        for (String line : lines) {
            String[] words = line.split(" ", -1);
            if (line.startsWith("# ")) {
                remarks.add(line.substring(2));
            } else if (words.length == 3 && FRAMEWORKS.contains(words[0])) {
                micros.put(words[0] + " " + words[1], Double.parseDouble(words[2]));
            }
        }
        return new Baselines(micros, remarks);
    }

    /** Returns the microseconds of a block. */
    OptionalDouble micros(String framework, Shape shape) {
        Double found = micros.get(framework + " " + shape.key());
        return found == null ? OptionalDouble.empty() : OptionalDouble.of(found);
    }

    /** Returns the microseconds of a block by the fastest framework. */
    OptionalDouble best(Shape shape) {
        return FRAMEWORKS.stream()
                .map(framework -> micros(framework, shape))
                .flatMapToDouble(
                        found ->
                                found.isPresent()
                                        ? DoubleStream.of(found.getAsDouble())
                                        : DoubleStream.empty())
                .min();
    }
}
