package io.freshet;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Properties;

/**
 * Imports point upstream, towards the source, or down to pure maths and configuration. So following
 * them walks the data's way backwards, and no cycle can form.
 */
@AnalyzeClasses(packages = "io.freshet", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static ArchRule mayImport(String stage, String... allowed) {
        String[] packages = new String[allowed.length + 1];
        packages[0] = "io.freshet." + stage + "..";
        for (int i = 0; i < allowed.length; i++) {
            packages[i + 1] = "io.freshet." + allowed[i] + "..";
        }
        return noClasses()
                .that()
                .resideInAPackage(packages[0])
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.freshet..").and(resideOutsideOfPackages(packages)));
    }

    @ArchTest static final ArchRule ingest = mayImport("ingest", "config", "schemas");

    @ArchTest
    static final ArchRule learn = mayImport("learn", "ingest", "model", "drift", "config");

    @ArchTest static final ArchRule monitor = mayImport("monitor", "learn", "ingest", "config");

    @ArchTest
    static final ArchRule publish =
            mayImport("publish", "monitor", "learn", "ingest", "model", "config", "schemas");

    @ArchTest static final ArchRule model = mayImport("model");

    @ArchTest static final ArchRule drift = mayImport("drift");

    @ArchTest static final ArchRule config = mayImport("config");

    @ArchTest
    static final ArchRule nothingImportsThePipeline =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.freshet.pipeline..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("io.freshet.pipeline..");

    @ArchTest
    static final ArchRule onlyTheModelImportsNd4j =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.freshet.model..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("org.nd4j..", "org.bytedeco..");

    @ArchTest
    static final ArchRule pureMathsKnowsNoPlatform =
            noClasses()
                    .that()
                    .resideInAnyPackage("io.freshet.model..", "io.freshet.drift..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "org.apache.flink..", "org.apache.kafka..", "org.apache.avro..");

    @ArchTest
    static final ArchRule onlyThePipelineIsTiedToKafka =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.freshet.pipeline..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("org.apache.kafka..", "org.apache.flink.connector.kafka..");

    /** What prints a record prints its fields, and those of Kafka's clients hold passwords. */
    @ArchTest
    static final ArchRule noRecordHoldsClientProperties =
            noFields()
                    .that()
                    .areDeclaredInClassesThat()
                    .areRecords()
                    .should()
                    .haveRawType(Properties.class);

    @ArchTest
    static final ArchRule everyClass_hasARoom =
            classes()
                    .should()
                    .resideInAnyPackage(
                            "io.freshet.ingest..",
                            "io.freshet.learn..",
                            "io.freshet.score..",
                            "io.freshet.monitor..",
                            "io.freshet.publish..",
                            "io.freshet.model..",
                            "io.freshet.drift..",
                            "io.freshet.config..",
                            "io.freshet.pipeline..",
                            "io.freshet.schemas..");
}
