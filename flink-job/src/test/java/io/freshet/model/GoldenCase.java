package io.freshet.model;

import io.freshet.model.loss.BinaryCrossEntropy;
import io.freshet.model.loss.BinaryCrossEntropyWithLogits;
import io.freshet.model.loss.CrossEntropy;
import io.freshet.model.loss.Floats;
import io.freshet.model.loss.Loss;
import io.freshet.model.loss.NegativeLogLikelihood;
import io.freshet.model.loss.OutputWeights;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Case of a golden file: a paragraph of lines {@code name value…}, arrays row-major. The scripts
 * that write the files are in the same directory.
 *
 * @param line number of its first line in the file
 * @param lines values by name
 */
public record GoldenCase(int line, Map<String, String> lines) {
    /** Returns the cases of a file in the directory {@code golden} of a class's package. */
    public static List<GoldenCase> read(Class<?> location, String file) {
        List<GoldenCase> cases = new ArrayList<>();
        try (InputStream stream = location.getResourceAsStream("golden/" + file);
                BufferedReader reader =
                        new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            Map<String, String> lines = new LinkedHashMap<>();
            int count = 0;
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                count++;
                if (line.isEmpty()) {
                    lines = new LinkedHashMap<>();
                    cases.add(new GoldenCase(count + 1, lines));
                } else if (!line.startsWith("#")) {
                    String[] nameAndValues = line.split(" ", 2);
                    lines.put(nameAndValues[0], nameAndValues[1]);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cases;
    }

    public boolean has(String name) {
        return lines.containsKey(name);
    }

    public String text(String name) {
        if (!has(name)) {
            throw new IllegalArgumentException("there is no " + name + " in " + this);
        }
        return lines.get(name);
    }

    public double number(String name) {
        return Double.parseDouble(text(name));
    }

    public int[] integers(String name) {
        return Arrays.stream(text(name).split(" ")).mapToInt(Integer::parseInt).toArray();
    }

    public double[] doubles(String name) {
        return Arrays.stream(text(name).split(" ")).mapToDouble(Double::parseDouble).toArray();
    }

    public float[] floats(String name) {
        double[] parsed = doubles(name);
        float[] values = new float[parsed.length];
        for (int i = 0; i < parsed.length; i++) {
            values[i] = (float) parsed[i];
        }
        return values;
    }

    /** Returns input values of the script, which are floats, as doubles. */
    public double[] inputs(String name) {
        return Floats.widen(floats(name));
    }

    /** Returns the weights of this name; none if there are none in the case. */
    OutputWeights weights(String name) {
        return has(name) ? OutputWeights.of(inputs(name)) : OutputWeights.NONE;
    }

    /** Returns the loss function of the case. */
    public Loss loss(int numOutputs) {
        return switch (text("loss")) {
            case "CrossEntropy" ->
                    has("label_smoothing")
                            ? new CrossEntropy(
                                    numOutputs,
                                    weights("class_weights"),
                                    integers("ignore_index")[0],
                                    number("label_smoothing"))
                            : new CrossEntropy(numOutputs);
            case "NegativeLogLikelihood" ->
                    new NegativeLogLikelihood(
                            numOutputs, weights("class_weights"), integers("ignore_index")[0]);
            case "BinaryCrossEntropyWithLogits" ->
                    new BinaryCrossEntropyWithLogits(
                            numOutputs, weights("output_weights"), weights("positive_weights"));
            case "BinaryCrossEntropy" ->
                    new BinaryCrossEntropy(numOutputs, weights("output_weights"));
            default -> throw new IllegalArgumentException("no such loss: " + this);
        };
    }

    @Override
    public String toString() {
        return "the case at line " + line;
    }
}
