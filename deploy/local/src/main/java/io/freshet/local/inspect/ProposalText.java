package io.freshet.local.inspect;

import io.freshet.config.Key;
import io.freshet.features.ExamplePart;
import io.freshet.features.FeatureField;
import io.freshet.features.FeatureKind;
import io.freshet.features.FieldPath;
import io.freshet.ingest.ClassNames;
import io.freshet.ingest.mapping.FieldSource;
import io.freshet.local.cli.TerminalText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Text that shows a person what a proposal makes of the fields, for 80 columns. */
public final class ProposalText {
    private static final int WIDTH = 78;
    private static final int INDENT = 15;

    /** Lines of one text, and texts under one title. */
    private static final int MAX_LINES = 4;

    private static final int MAX_TEXTS = 10;

    /** Number of names from which on they are counted. */
    private static final int MANY = 12;

    private final List<String> lines = new ArrayList<>();

    private ProposalText() {}

    /**
     * Returns the lines.
     *
     * @param assumptions what was assumed, a sentence each without its full stop
     * @param deadLetters which messages could not be used, likewise
     */
    public static List<String> lines(
            Proposal proposal, List<String> assumptions, List<String> deadLetters) {
        ProposalText text = new ProposalText();
        text.add("label", List.of("\"" + proposal.labelName() + "\": " + classes(proposal)));
        text.add("warning", similarClasses(proposal));
        proposal.parts().forEach((part, source) -> text.add(proposal, part, source));
        features(proposal).forEach((kind, fields) -> text.add(Key.kebab(kind), List.of(fields)));
        text.add("others", others(proposal));
        text.add("warning", proposal.warnings());
        text.add("missing", missing(proposal));
        text.add("dead letters", deadLetters);
        text.add("not used", unused(proposal));
        text.add("assumed", assumptions);
        return text.lines;
    }

    private void add(Proposal proposal, ExamplePart part, FieldSource source) {
        String name = source.path() == null ? source.toString() : quoted(source.path());
        if (part == ExamplePart.MODEL && !proposal.models().isEmpty()) {
            add(Key.kebab(part), List.of(name + ": " + counted(proposal.models())));
        } else if (part != ExamplePart.LABEL) {
            add(Key.kebab(part), List.of(name));
        }
    }

    private static String counted(Map<String, Long> counts) {
        return counts.entrySet().stream()
                .map(entry -> entry.getKey() + " (" + number(entry.getValue()) + ")")
                .collect(Collectors.joining(", "));
    }

    private static String classes(Proposal proposal) {
        String text = counted(proposal.classes());
        if (proposal.unlabelled() > 0) {
            text += "; without a label " + number(proposal.unlabelled());
        }
        if (proposal.ignored() > 0) {
            text += "; ignored " + number(proposal.ignored());
        }
        return text;
    }

    private static List<String> similarClasses(Proposal proposal) {
        return ClassNames.similar(List.copyOf(proposal.classes().keySet())).stream()
                .map(
                        names ->
                                "the classes "
                                        + names.stream()
                                                .map(name -> "\"" + name + "\"")
                                                .collect(Collectors.joining(", "))
                                        + " differ only in case, in spaces or as 1 and 1.0: is one"
                                        + " class meant?")
                .toList();
    }

    private static Map<FeatureKind, String> features(Proposal proposal) {
        Map<FeatureKind, List<String>> byKind = new EnumMap<>(FeatureKind.class);
        for (FeatureField field : proposal.featureList().fields()) {
            byKind.computeIfAbsent(field.kind(), kind -> new ArrayList<>()).add(text(field));
        }
        Map<FeatureKind, String> texts = new EnumMap<>(FeatureKind.class);
        byKind.forEach((kind, names) -> texts.put(kind, listed(names)));
        return texts;
    }

    private static List<String> others(Proposal proposal) {
        return proposal.others().isEmpty()
                ? List.of()
                : List.of(listed(proposal.others().stream().map(FieldPath::displayName).toList()));
    }

    /** Returns names with commas between them, and their number before them if they are many. */
    private static String listed(List<String> names) {
        return (names.size() > MANY ? number(names.size()) + ": " : "") + String.join(", ", names);
    }

    private static String text(FeatureField field) {
        String name = field.path().displayName();
        if (field.kind() == FeatureKind.CATEGORICAL) {
            return name + " (" + listed(field.categories()) + ")";
        }
        if (field.isList()) {
            return name + "[" + field.from() + ":" + field.to() + "]";
        }
        return name;
    }

    private static List<String> missing(Proposal proposal) {
        return proposal.missing().entrySet().stream()
                .map(
                        entry ->
                                number(entry.getValue())
                                        + (entry.getValue() == 1 ? " value of " : " values of ")
                                        + quoted(entry.getKey()))
                .toList();
    }

    private static List<String> unused(Proposal proposal) {
        Map<String, List<String>> byReason = new LinkedHashMap<>();
        for (Proposal.Unused field : proposal.unused()) {
            byReason.computeIfAbsent(field.reason(), reason -> new ArrayList<>())
                    .add(quoted(field.path()));
        }
        return byReason.entrySet().stream()
                .map(entry -> listed(entry.getValue()) + ": " + entry.getKey())
                .toList();
    }

    private static String quoted(FieldPath path) {
        return "\"" + path.displayName() + "\"";
    }

    private static String number(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private void add(String title, List<String> texts) {
        String head = "  " + title;
        for (String text : texts.subList(0, Math.min(MAX_TEXTS, texts.size()))) {
            add(head, text);
        }
        if (texts.size() > MAX_TEXTS) {
            add(head, "… and " + number(texts.size() - MAX_TEXTS) + " more");
        }
    }

    /** Adds a text; of a long one the end is more telling than the middle. */
    private void add(String head, String text) {
        List<String> wrapped = TerminalText.wrapped(TerminalText.printable(text), WIDTH - INDENT);
        for (int i = 0; i < wrapped.size(); i++) {
            String start = i == 0 ? head : "";
            if (wrapped.size() <= MAX_LINES || i < MAX_LINES - 2 || i == wrapped.size() - 1) {
                lines.add(start + " ".repeat(INDENT - start.length()) + wrapped.get(i));
            } else if (i == MAX_LINES - 2) {
                lines.add(" ".repeat(INDENT) + "…");
            }
        }
    }
}
