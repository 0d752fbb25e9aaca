package io.freshet.local.models;

import io.freshet.classifier.ModelContent;
import io.freshet.classifier.ModelInfo;
import io.freshet.config.Key;
import io.freshet.ensemble.Combination;
import io.freshet.local.cli.TerminalText;
import io.freshet.local.cli.TimeText;
import io.freshet.schemas.EnsembleSnapshot;
import io.freshet.schemas.Expert;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeMap;

/** Text of published models for a terminal, in lines of at most 80 columns. */
public final class ModelText {
    static final int WIDTH = 80;
    private static final int LABEL = 14;

    /** Largest width of the column of the experts' names. */
    private static final int MAX_LABEL = 40;

    private static final int MODEL = 18;
    private static final int HASH = 12;
    private static final int EXPERT = 21;
    private static final int WEIGHT = 19;
    private static final String ROW = "%s %10s %11s %9s %7s %19s";

    private ModelText() {}

    /** Returns the header of a list of snapshots. */
    public static String header() {
        return format(
                ROW,
                column("model", MODEL),
                "version",
                "examples",
                "features",
                "classes",
                "published");
    }

    /** Returns a snapshot in one line. */
    public static String line(StoredSnapshot snapshot) {
        ModelInfo info = snapshot.info();
        return format(
                ROW,
                column(TerminalText.printable(info.modelId()), MODEL),
                info.version(),
                info.examplesSeen(),
                info.numFeatures(),
                info.classes().size(),
                TimeText.time(snapshot.publishedAt()));
    }

    private static String column(String text, int width) {
        String fitted = TerminalText.fit(text, width);
        return fitted + " ".repeat(width - TerminalText.columns(fitted));
    }

    /** Prints everything about a snapshot but its parameters. */
    public static void printLong(PrintWriter out, StoredSnapshot snapshot) {
        ModelInfo info = snapshot.info();
        ModelContent content = snapshot.content();
        row(out, "model", info.modelId());
        row(out, "version", String.valueOf(info.version()));
        row(out, "job", info.job() + ", epoch " + info.epoch());
        row(out, "examples", format("%,d", info.examplesSeen()));
        row(out, "event time", info.timestamp() == null ? "none" : info.timestamp().toString());
        row(out, "published", TimeText.time(snapshot.publishedAt()));
        row(out, "hash", info.contentHash());
        row(
                out,
                "size",
                format(
                        "%,d bytes in %,d %s, %,d parameters",
                        snapshot.bytes(),
                        snapshot.records().size(),
                        snapshot.records().size() == 1 ? "record" : "records",
                        content.numParameters()));
        row(
                out,
                "features",
                format("%,d", info.numFeatures())
                        + (content.isSparse()
                                ? format(
                                        ", sparse: %,d with parameters",
                                        snapshot.classifier().numColumns())
                                : ""));
        row(
                out,
                "classes",
                format("%,d: ", info.classes().size()) + String.join(", ", info.classes()));
        row(out, "outputs", content.numOutputs() + " (" + content.activation() + ")");
        printExperts(out, snapshot);
        row(out, "scaler", scaler(content));
        new TreeMap<>(info.hyperParameters())
                .forEach((key, value) -> wrapped(out, "  ", key + "=" + value));
    }

    private static void printExperts(PrintWriter out, StoredSnapshot snapshot) {
        int label = LABEL;
        for (Expert expert : snapshot.experts()) {
            label = Math.max(label, TerminalText.columns(expert.getName()) + 1);
        }
        label = Math.min(label, MAX_LABEL);
        for (Expert expert : snapshot.experts()) {
            row(out, expert.getName(), expert(expert), label);
        }
        EnsembleSnapshot ensemble = snapshot.ensemble();
        if (ensemble != null) {
            List<String> answers = new ArrayList<>();
            for (int k = 0; k < ensemble.getAnswers().size(); k++) {
                answers.add(
                        format("%s %.4f", Combination.NAMES.get(k), ensemble.getAnswers().get(k)));
            }
            row(out, "answer", String.join(", ", answers), label);
        }
    }

    private static String expert(Expert expert) {
        String loss = expert.getLoss() == null ? "" : format(", loss %.4f", expert.getLoss());
        return expert.getStackWeight() == null
                ? format("weight %.6f", expert.getWeight()) + loss
                : format(
                                "weight %.4f, stack %+.4f, correction %+.4f",
                                expert.getWeight(),
                                expert.getStackWeight(),
                                expert.getCorrectionWeight())
                        + loss;
    }

    private static String scaler(ModelContent content) {
        ModelContent.Scaler scaler = content.scaler();
        if (scaler == null) {
            return content.scales().length > 0
                    ? format("scale of %,d columns", content.scales().length)
                    : "none";
        }
        int constant = 0;
        for (double variance : scaler.variance()) {
            constant += variance > 0 ? 0 : 1;
        }
        return format("%,d examples, %,d constant features", scaler.count(), constant)
                + (scaler.limit().length > 0 ? ", clips" : "");
    }

    /** Prints what differs between two snapshots. */
    public static void printDifference(PrintWriter out, ModelDifference difference) {
        ModelInfo a = difference.first().info();
        ModelInfo b = difference.second().info();
        row(out, "model", b.modelId());
        row(out, "versions", a.version() + " to " + b.version());
        row(
                out,
                "examples",
                format(
                        "%,d to %,d (%+,d)",
                        a.examplesSeen(), b.examplesSeen(), b.examplesSeen() - a.examplesSeen()));
        changed(out, "job", a.job() + ", epoch " + a.epoch(), b.job() + ", epoch " + b.epoch());
        changed(out, "features", String.valueOf(a.numFeatures()), String.valueOf(b.numFeatures()));
        changed(out, "classes", String.join(", ", a.classes()), String.join(", ", b.classes()));
        row(
                out,
                "hash",
                a.contentHash().equals(b.contentHash())
                        ? "the same"
                        : a.contentHash().substring(0, HASH)
                                + "… to "
                                + b.contentHash().substring(0, HASH)
                                + "…");
        for (ModelDifference.Rate rate : difference.rates()) {
            row(
                    out,
                    name(rate.learningRate()),
                    format(
                            "weight %.4f to %.4f, norm %.4g to %.4g, distance %.4g",
                            rate.firstWeight(),
                            rate.secondWeight(),
                            rate.firstNorm(),
                            rate.secondNorm(),
                            rate.distance()));
        }
        EnsembleDifference ensemble = difference.ensemble();
        if (ensemble != null) {
            printEnsemble(out, ensemble);
        }
        row(out, "settings", difference.settings().isEmpty() ? "the same" : "");
        difference
                .settings()
                .forEach(
                        (key, values) ->
                                wrapped(
                                        out,
                                        "  ",
                                        key + "=" + values.first() + " to " + values.second()));
        List<ModelDifference.Change> changes = difference.changes();
        if (!changes.isEmpty()) {
            row(out, "changes", "the largest, of " + name(difference.dominantRate()));
        }
        for (ModelDifference.Change change : changes) {
            String feature =
                    change.feature() == b.numFeatures() ? "bias" : "feature " + change.feature();
            wrapped(
                    out,
                    "  ",
                    format(
                            "%s, %s: %.6g to %.6g (%+.4g)",
                            feature,
                            change.output(),
                            change.first(),
                            change.second(),
                            change.second() - change.first()));
        }
    }

    private static void printEnsemble(PrintWriter out, EnsembleDifference ensemble) {
        printExpert(out, "experts", "mixture", "stack", "correction");
        for (EnsembleDifference.ExpertWeights expert : ensemble.experts()) {
            printExpert(
                    out,
                    "  " + TerminalText.printable(expert.name()),
                    change(expert.mixture()),
                    change(expert.stack()),
                    change(expert.correction()));
        }
        row(
                out,
                "answers",
                "mixture "
                        + change(ensemble.answers().get(0))
                        + ", stack "
                        + change(ensemble.answers().get(1))
                        + ", correction "
                        + change(ensemble.answers().get(2)));
        EnsembleDifference.Window window = ensemble.window();
        if (window == null) {
            return;
        }
        EnsembleDifference.Ferns ferns = ensemble.ferns();
        row(
                out,
                "ferns",
                ferns == null
                        ? "with other tests"
                        : format("%,d of %,d cells changed", ferns.changed(), ferns.cells()));
        row(
                out,
                "window",
                format(
                        "%,d to %,d examples, %,d in common",
                        window.first(), window.second(), window.common()));
    }

    private static void printExpert(PrintWriter out, String name, String... weights) {
        StringBuilder line = new StringBuilder(column(name, EXPERT));
        for (String weight : weights) {
            line.append(column(weight, WEIGHT));
        }
        out.println(line.toString().stripTrailing());
    }

    private static String change(EnsembleDifference.Change change) {
        return format("%.4f to %.4f", change.first(), change.second());
    }

    private static String name(double learningRate) {
        return Double.isNaN(learningRate) ? "parameters" : "rate " + Key.text(learningRate);
    }

    private static void changed(PrintWriter out, String label, String before, String after) {
        if (!before.equals(after)) {
            row(out, label, before + " to " + after);
        }
    }

    private static String format(String format, Object... arguments) {
        return String.format(Locale.ROOT, format, arguments);
    }

    private static void row(PrintWriter out, String label, String text) {
        row(out, label, text, LABEL);
    }

    private static void row(PrintWriter out, String label, String text, int width) {
        List<String> lines = TerminalText.wrapped(TerminalText.printable(text), WIDTH - width);
        out.println((column(label, width) + lines.get(0)).stripTrailing());
        lines.stream().skip(1).forEach(line -> out.println(" ".repeat(width) + line));
    }

    private static void wrapped(PrintWriter out, String indent, String text) {
        TerminalText.wrapped(TerminalText.printable(text), WIDTH - indent.length())
                .forEach(line -> out.println(indent + line));
    }
}
