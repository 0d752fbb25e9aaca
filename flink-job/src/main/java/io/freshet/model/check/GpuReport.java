package io.freshet.model.check;

import io.freshet.model.contract.Deviation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The report of {@code gpu-check}: a table of 80 columns, and JSON.
 *
 * @param compileSeconds seconds until a block could begin, its kernels compiled, by classes
 * @param speeds in the order of the table
 * @param manyModels speeds of many models in one launch; null if they were not measured
 * @param leaks null if they were not measured
 * @param failures what the device could not do, such as for lack of memory
 * @param sanitizer results of compute-sanitizer; empty if it was not run
 */
record GpuReport(
        CardFacts facts,
        ContractResults contract,
        Map<Integer, Double> compileSeconds,
        List<MeasuredShape> speeds,
        Baselines baselines,
        @Nullable ManyModels manyModels,
        @Nullable LeakCheck leaks,
        List<Sanitizer.Result> sanitizer,
        String sanitizerRemark,
        List<String> failures) {
    private static final double GIBIBYTE = 1L << 30;

    /** The card whose speeds are the targets. */
    private static final String CARD_OF_TARGETS = "H200";

    /** A shape with its speed. */
    record MeasuredShape(Shape shape, double micros) {
        double eventsPerSecond() {
            return shape.rows() / micros * 1e6;
        }
    }

    /**
     * Speeds of one model, and of many models that learn in one launch.
     *
     * @param micros microseconds of a block of one model
     * @param microsOfMany microseconds of a block of all models
     */
    record ManyModels(int rows, double micros, int numModels, int rowsOfMany, double microsOfMany) {
        static final double MAX_RATIO = 3;

        double ratio() {
            return microsOfMany / micros;
        }
    }

    /** Returns whether all held; speeds count on the card that the targets are for. */
    boolean held() {
        return contract.held()
                && failures.isEmpty()
                && leaks != null
                && leaks.held()
                && sanitizer.stream().allMatch(Sanitizer.Result::isClean)
                && (manyModels == null || manyModels.ratio() <= ManyModels.MAX_RATIO)
                && (!isCardOfTargets() || speeds.stream().allMatch(this::reachesTarget));
    }

    private boolean isCardOfTargets() {
        return facts.device().name().contains(CARD_OF_TARGETS);
    }

    private boolean reachesTarget(MeasuredShape measured) {
        OptionalDouble ratio = ratio(measured);
        return measured.eventsPerSecond() >= measured.shape().target()
                && (ratio.isEmpty() || ratio.getAsDouble() >= measured.shape().targetRatio());
    }

    /** Returns the factor by which it is faster than the better of PyTorch and JAX. */
    private OptionalDouble ratio(MeasuredShape measured) {
        OptionalDouble best = baselines.best(measured.shape());
        return best.isEmpty()
                ? OptionalDouble.empty()
                : OptionalDouble.of(best.getAsDouble() / measured.micros());
    }

    /** Returns the lines of the table, none longer than 80 characters. */
    List<String> table() {
        List<String> lines = new ArrayList<>();
        add(
                lines,
                "card",
                String.format(
                        "%s, capability %d.%d, %.1f GiB, %.1f free",
                        facts.device().name(),
                        facts.device().major(),
                        facts.device().minor(),
                        facts.device().totalBytes() / GIBIBYTE,
                        facts.freeBytes() / GIBIBYTE));
        add(
                lines,
                "CUDA",
                "driver " + facts.device().driver() + ", libraries " + facts.device().toolkit());
        facts.libraries().forEach(library -> add(lines, "", library));
        compileSeconds.forEach(
                (classes, seconds) ->
                        add(
                                lines,
                                "kernels",
                                String.format(
                                        "ready after %.1f s, compiled for %d classes",
                                        seconds, classes)));
        add(lines, "contract", verdict(contract.held()) + contract.summary());
        contract.results().stream()
                .filter(result -> !result.held())
                .forEach(result -> add(lines, "", result.text()));
        lines.add("");
        lines.add(
                "    B     F     C rates  µs/block events/s   goal  PyTorch      JAX  ratio goal");
        for (MeasuredShape measured : speeds) {
            lines.add(line(measured));
        }
        baselines.remarks().forEach(remark -> add(lines, "baselines", remark));
        if (manyModels != null) {
            add(
                    lines,
                    "models",
                    verdict(manyModels.ratio() <= ManyModels.MAX_RATIO)
                            + String.format(
                                    "%,d of %d events %.0f µs, 1 of %d %.0f µs: %.1f times",
                                    manyModels.numModels(),
                                    manyModels.rowsOfMany(),
                                    manyModels.microsOfMany(),
                                    manyModels.rows(),
                                    manyModels.micros(),
                                    manyModels.ratio()));
        }
        if (leaks != null) {
            add(
                    lines,
                    "leaks",
                    verdict(leaks.held())
                            + String.format(
                                    "%,d bytes free before twenty rounds, %,d after",
                                    leaks.before(), leaks.after()));
        }
        failures.forEach(failure -> add(lines, "failed", failure));
        for (Sanitizer.Result result : sanitizer) {
            add(lines, result.tool(), verdict(result.isClean()) + result.text());
        }
        if (!sanitizerRemark.isEmpty()) {
            add(lines, "sanitizer", sanitizerRemark);
        }
        add(lines, "all", held() ? "held" : "NOT held");
        return lines;
    }

    private static String verdict(boolean held) {
        return held ? "held: " : "NOT held: ";
    }

    /** Adds a line, or several if the text is longer than one. */
    private static void add(List<String> lines, String name, String text) {
        int width = 80 - 11;
        String rest = text;
        String label = name;
        do {
            int end = rest.length() <= width ? rest.length() : rest.lastIndexOf(' ', width);
            end = end <= 0 ? Math.min(width, rest.length()) : end;
            lines.add(String.format("%-10s %s", label, rest.substring(0, end)).stripTrailing());
            rest = rest.substring(end).strip();
            label = "";
        } while (!rest.isEmpty());
    }

    private String line(MeasuredShape measured) {
        Shape shape = measured.shape();
        OptionalDouble ratio = ratio(measured);
        return String.format(
                "%5d %5d %5d %5s %9.1f %8s %6s %8s %8s %6s %4s",
                shape.rows(),
                shape.numFeatures(),
                shape.numClasses(),
                shape.numRates() == 0 ? "ens." : shape.numRates(),
                measured.micros(),
                millions(measured.eventsPerSecond()),
                shape.target() > 0 ? millions(shape.target()) : "",
                micros(baselines.micros("pytorch", shape)),
                micros(baselines.micros("jax", shape)),
                ratio.isPresent() ? String.format("%.1f", ratio.getAsDouble()) : "",
                shape.targetRatio() > 0 ? String.format("%.0f", shape.targetRatio()) : "");
    }

    private static String millions(double events) {
        return String.format("%.2f M", events / 1e6);
    }

    private static String micros(OptionalDouble micros) {
        return micros.isPresent() ? String.format("%,.0f", micros.getAsDouble()) : "";
    }

    /** Returns the report as JSON. */
    String json() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("held", held());
        Map<String, Object> card = new LinkedHashMap<>();
        card.put("name", facts.device().name());
        card.put("capability", facts.device().major() + "." + facts.device().minor());
        card.put("totalBytes", facts.device().totalBytes());
        card.put("freeBytes", facts.freeBytes());
        card.put("driver", facts.device().driver());
        card.put("toolkit", facts.device().toolkit());
        card.put("libraries", facts.libraries());
        report.put("card", card);
        report.put("contract", contract.results().stream().map(GpuReport::toMap).toList());
        report.put("compileSeconds", compileSeconds);
        report.put("speeds", speeds.stream().map(this::toMap).toList());
        report.put("baselineRemarks", baselines.remarks());
        if (manyModels != null) {
            Map<String, Object> models = new LinkedHashMap<>();
            models.put("events", manyModels.rows());
            models.put("micros", manyModels.micros());
            models.put("models", manyModels.numModels());
            models.put("eventsOfEach", manyModels.rowsOfMany());
            models.put("microsOfAll", manyModels.microsOfMany());
            report.put("manyModels", models);
        }
        if (leaks != null) {
            report.put("freeBytesBefore", leaks.before());
            report.put("freeBytesAfter", leaks.after());
        }
        report.put("failures", failures);
        report.put("sanitizer", sanitizer.stream().map(GpuReport::toMap).toList());
        report.put("sanitizerRemark", sanitizerRemark);
        return Json.of(report);
    }

    private static Map<String, Object> toMap(Sanitizer.Result result) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("tool", result.tool());
        map.put("held", result.isClean());
        map.put("text", result.text());
        return map;
    }

    private static Map<String, Object> toMap(ContractResults.Result result) {
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("name", result.name());
        map.put("held", result.held());
        map.put("seconds", result.seconds());
        if (result.failure() != null) {
            map.put("failure", result.failure());
        }
        List<Map<String, Object>> deviations = new ArrayList<>();
        for (Deviation deviation : result.deviations()) {
            Map<String, Object> values = new LinkedHashMap<>();
            values.put("quantity", deviation.quantity());
            values.put("error", deviation.error());
            values.put("allowed", deviation.allowed());
            deviations.add(values);
        }
        map.put("deviations", deviations);
        return map;
    }

    private Map<String, Object> toMap(MeasuredShape measured) {
        Shape shape = measured.shape();
        Map<String, Object> map = new LinkedHashMap<>();
        map.put("rows", shape.rows());
        map.put("features", shape.numFeatures());
        map.put("classes", shape.numClasses());
        map.put("rates", shape.numRates());
        map.put("micros", measured.micros());
        map.put("eventsPerSecond", measured.eventsPerSecond());
        map.put("target", shape.target());
        map.put("targetRatio", shape.targetRatio());
        for (String framework : Baselines.FRAMEWORKS) {
            OptionalDouble micros = baselines.micros(framework, shape);
            if (micros.isPresent()) {
                map.put(framework + "Micros", micros.getAsDouble());
            }
        }
        return map;
    }
}
