package io.freshet;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noFields;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import io.freshet.ingest.ExampleBlock;
import io.freshet.ingest.ExampleBlockTypeInfo;
import io.freshet.model.example.BlockRows;
import io.freshet.model.loss.Floats;
import io.freshet.model.mixture.Baselines;
import io.freshet.model.mixture.Likelihoods;
import io.freshet.model.mixture.MixtureWeights;
import io.freshet.model.optim.LinearSteps;
import io.freshet.model.scale.Scaler;
import java.util.Properties;

/**
 * Rules for dependencies between packages. A stage of the pipeline may import the stages before it,
 * the maths and the configuration, so dependencies run against the flow of data, without cycles.
 */
@AnalyzeClasses(packages = "io.freshet", importOptions = ArchitectureTest.MainClasses.class)
class ArchitectureTest {
    /** The classes of the modules without their tests, wherever the build puts them. */
    static final class MainClasses implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("/test-classes/") && !location.contains("-tests.jar");
        }
    }

    private static final Class<?>[] MODEL_INTERNALS = {
        Baselines.class,
        BlockRows.class,
        Floats.class,
        Likelihoods.class,
        LinearSteps.class,
        MixtureWeights.class,
        Scaler.class
    };

    private static final SliceAssignment TOP_LEVEL_TYPES =
            new SliceAssignment() {
                @Override
                public SliceIdentifier getIdentifierOf(JavaClass type) {
                    JavaClass top = type;
                    while (top.getEnclosingClass().isPresent()) {
                        top = top.getEnclosingClass().get();
                    }
                    return SliceIdentifier.of(top.getName());
                }

                @Override
                public String getDescription() {
                    return "top-level types";
                }
            };

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

    @ArchTest
    static final ArchRule ingest =
            mayImport("ingest", "features", "model", "config", "schemas", "registry");

    @ArchTest
    static final ArchRule learn =
            mayImport("learn", "ingest", "model", "classifier", "drift", "config");

    @ArchTest
    static final ArchRule score =
            mayImport(
                    "score",
                    "learn",
                    "ingest",
                    "model",
                    "classifier",
                    "config",
                    "schemas",
                    "registry");

    @ArchTest
    static final ArchRule monitor = mayImport("monitor", "learn", "ingest", "model", "config");

    @ArchTest
    static final ArchRule publish =
            mayImport(
                    "publish",
                    "monitor",
                    "learn",
                    "ingest",
                    "model",
                    "ensemble",
                    "classifier",
                    "config",
                    "schemas",
                    "registry");

    @ArchTest static final ArchRule model = mayImport("model", "ensemble", "maths");

    @ArchTest
    static final ArchRule classifier =
            mayImport("classifier", "ensemble", "maths", "features", "schemas");

    @ArchTest static final ArchRule ensemble = mayImport("ensemble", "maths");

    @ArchTest static final ArchRule maths = mayImport("maths");

    @ArchTest
    static final ArchRule learnTraining = mayImport("learn.training", "ingest", "model", "config");

    @ArchTest
    static final ArchRule learnDrift =
            mayImport("learn.drift", "learn.training", "ingest", "model", "drift", "config");

    /** Parts of a learner that only the packages of the model may use. */
    @ArchTest
    static final ArchRule onlyTheModelImportsItsInternals =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.freshet.model..")
                    .should()
                    .dependOnClassesThat(
                            resideInAPackage("io.freshet.model.linalg..")
                                    .or(belongToAnyOf(MODEL_INTERNALS)));

    @ArchTest
    static final ArchRule packages_haveNoCycles =
            slices().matching("io.freshet.(**)").should().beFreeOfCycles();

    /** A type and those nested in it count as one. */
    @ArchTest
    static final ArchRule types_haveNoCycles =
            slices().assignedFrom(TOP_LEVEL_TYPES)
                    .should()
                    .beFreeOfCycles()
                    // Flink finds the serializer of a type by the type's annotation.
                    .ignoreDependency(ExampleBlock.class, ExampleBlockTypeInfo.Factory.class);

    @ArchTest static final ArchRule drift = mayImport("drift");

    @ArchTest static final ArchRule config = mayImport("config", "text");

    @ArchTest static final ArchRule features = mayImport("features", "text");

    @ArchTest static final ArchRule text = mayImport("text");

    @ArchTest static final ArchRule registry = mayImport("registry", "config");

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

    /** A bundle for a machine without the job has the learner on the device, but not ND4J. */
    @ArchTest
    static final ArchRule theLearnerOnADeviceNeedsNoNd4j =
            noClasses()
                    .that()
                    .resideInAPackage("io.freshet.model.cuda..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage("org.nd4j..", "org.bytedeco.openblas..");

    @ArchTest
    static final ArchRule onlyTheDeviceImportsCudasBindings =
            noClasses()
                    .that()
                    .resideOutsideOfPackage("io.freshet.model.cuda.device..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAPackage("org.bytedeco.cuda..");

    @ArchTest
    static final ArchRule pureMathsDependsOnNoPlatform =
            noClasses()
                    .that()
                    .resideInAnyPackage(
                            "io.freshet.model..", "io.freshet.drift..", "io.freshet.features..")
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

    /** A record prints its fields, and properties of Kafka's clients may contain passwords. */
    @ArchTest
    static final ArchRule noRecordHoldsClientProperties =
            noFields()
                    .that()
                    .areDeclaredInClassesThat()
                    .areRecords()
                    .should()
                    .haveRawType(Properties.class);

    @ArchTest
    static final ArchRule everyClass_isInAKnownPackage =
            classes()
                    .should()
                    .resideInAnyPackage(
                            "io.freshet.ingest..",
                            "io.freshet.features..",
                            "io.freshet.text..",
                            "io.freshet.learn..",
                            "io.freshet.score..",
                            "io.freshet.monitor..",
                            "io.freshet.publish..",
                            "io.freshet.model..",
                            "io.freshet.drift..",
                            "io.freshet.classifier..",
                            "io.freshet.ensemble..",
                            "io.freshet.maths..",
                            "io.freshet.config..",
                            "io.freshet.pipeline..",
                            "io.freshet.registry..",
                            "io.freshet.schemas..");
}
