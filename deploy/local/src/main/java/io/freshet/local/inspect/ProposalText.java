package io.freshet.local.inspect;

import io.freshet.config.Key;
import io.freshet.ingest.ClassNames;
import io.freshet.ingest.mapping.FeatureField;
import io.freshet.ingest.mapping.FeatureKind;
import io.freshet.ingest.mapping.FieldPath;
import io.freshet.local.cli.TerminalText;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Text that shows a person what a proposal makes of the fields, for 80 columns. */
public final class ProposalText {
    private static final int WIDTH = 78;
    private static final int INDENT = 15;
    private static final int MAX_LINES = 4;

    private ProposalText() {}

    /**
     * Returns the lines.
     *
     * @param assumptions what was assumed, a sentence each without its full stop
     */
    public static List<String> lines(Proposal proposal, List<String> assumptions) {
        List<String> lines = new ArrayList<>();
        add(lines, "label", quoted(proposal.label()) + ": " + classes(proposal));
        similarClasses(proposal).forEach(text -> add(lines, "warning", text));
        features(proposal).forEach((kind, text) -> add(lines, Key.kebab(kind), text));
        proposal.missing()
                .forEach(
                        (path, count) ->
                                add(
                                        lines,
                                        "missing",
                                        count(count, "value", "values") + " of " + quoted(path)));
        proposal.unused()
                .forEach(
                        field ->
                                add(
                                        lines,
                                        "not used",
                                        quoted(field.path()) + ": " + field.reason()));
        assumptions.forEach(text -> add(lines, "assumed", text));
        return lines;
    }

    private static String classes(Proposal proposal) {
        String text =
                proposal.classes().entrySet().stream()
                        .map(entry -> entry.getKey() + " " + number(entry.getValue()))
                        .collect(Collectors.joining(", "));
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
        byKind.forEach((kind, names) -> texts.put(kind, String.join(", ", names)));
        return texts;
    }

    private static String text(FeatureField field) {
        String name = field.path().displayName();
        if (field.kind() == FeatureKind.CATEGORICAL) {
            return name + " (" + String.join(", ", field.categories()) + ")";
        }
        if (field.isList()) {
            return name + "[" + field.from() + ":" + field.to() + "]";
        }
        return name;
    }

    private static String quoted(FieldPath path) {
        return "\"" + path.displayName() + "\"";
    }

    private static String count(long count, String one, String many) {
        return number(count) + " " + (count == 1 ? one : many);
    }

    private static String number(long count) {
        return String.format(Locale.ROOT, "%,d", count);
    }

    private static void add(List<String> lines, String title, String text) {
        List<String> wrapped = TerminalText.wrapped(TerminalText.printable(text), WIDTH - INDENT);
        String head = "  " + title;
        for (int i = 0; i < wrapped.size(); i++) {
            if (i == MAX_LINES - 1 && wrapped.size() > MAX_LINES) {
                lines.add(" ".repeat(INDENT) + "…");
                return;
            }
            lines.add(
                    (i == 0 ? head + " ".repeat(INDENT - head.length()) : " ".repeat(INDENT))
                            + wrapped.get(i));
        }
    }
}
