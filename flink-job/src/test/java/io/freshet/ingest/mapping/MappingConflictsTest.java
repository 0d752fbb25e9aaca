package io.freshet.ingest.mapping;

import static org.assertj.core.api.Assertions.assertThat;

import io.freshet.config.Settings;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MappingConflictsTest {
    private static List<String> problems(String... settings) {
        Map<String, String> values = new HashMap<>(Map.of("label", "y"));
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            values.put(setting.substring(0, equals).strip(), setting.substring(equals + 1).strip());
        }
        Settings read = Settings.of(values, FieldMapping.KEYS, Set.of());
        FieldMapping mapping = FieldMapping.from(read);
        assertThat(read.problems()).isEmpty();
        return MappingConflicts.find(mapping);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "label = a; features = b,a;"
                        + " label (a) and features (a): the label cannot be a feature",
                "label = a; features = b,a:time;"
                        + " label (a) and features (a:time): the label cannot be a feature",
                "label = row[1]; features = row[0:3];"
                        + " label (row[1]) and features (row[0:3]): the label cannot be a feature",
                "label = row; features = row[0:3];"
                        + " label (row) and features (row[0:3]): row cannot be both a value and a"
                        + " list",
                "label = a; features = a.b;"
                        + " label (a) and features (a.b): a cannot be both a value and an object",
                "label = a.b; features = a;"
                        + " features (a) and label (a.b): a cannot be both a value and an object",
                "id = a; features = b,a[1].c;"
                        + " id (a) and features (a[1].c): a cannot be both a value and a list",
                "id = a.b; features = a[0:2];"
                        + " id (a.b) and features (a[0:2]): a cannot be both an object and a list",
                "id = a.b; features = a[4];"
                        + " id (a.b) and features (a[4]): a cannot be both an object and a list",
                "weight = a[1].w; features = a[0:2];"
                        + " features (a[0:2]) and weight (a[1].w): a[1] cannot be both a value and"
                        + " an object",
                "id = z; features = a[0:2],a[1][0:3];"
                        + " features (a[0:2]) and features (a[1][0:3]): a[1] cannot be both a value"
                        + " and a list"
            })
    void contradiction_namesBothKeysAndFields(String one, String other, String problem) {
        assertThat(problems(one, other)).containsExactly(problem.strip());
    }

    @Test
    void contradictions_areAllReported() {
        assertThat(problems("label=a.b", "features=a,row[0:3],c.d", "weight=row", "id=c"))
                .containsExactlyInAnyOrder(
                        "features (a) and label (a.b): a cannot be both a value and an object",
                        "weight (row) and features (row[0:3]): row cannot be both a value and a"
                                + " list",
                        "id (c) and features (c.d): c cannot be both a value and an object");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "features=row[0:3]; weight=row[0]",
                "features=row[0:3]; label=row[3]",
                "features=row[0:3],row[3].x; label=row[3].y",
                "features=at:time,at; timestamp=at; id=at; label=atom",
                "features=a; label=key; weight=header.a",
                "features=[\"a.b\"],a.c; label=a.b"
            })
    void sharedFields_areAcceptedWhereTheyAreOneShape(String settings) {
        assertThat(problems(Arrays.stream(settings.split(";", -1)).toArray(String[]::new)))
                .isEmpty();
    }
}
