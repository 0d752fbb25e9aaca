package io.freshet.sql;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;

/**
 * Test that the provider needs neither the job nor Flink's planner, and that no types form cycles.
 */
@AnalyzeClasses(packages = "io.freshet.sql", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
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

    @ArchTest
    static final ArchRule types_haveNoCycles =
            slices().assignedFrom(TOP_LEVEL_TYPES).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule onlyInterfacesOfFlinkAndTheModels_areImported =
            noClasses()
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(
                            "org.apache.flink.runtime..",
                            "org.apache.flink.streaming..",
                            "org.apache.flink.table.planner..",
                            "org.apache.flink.table.runtime..",
                            "io.freshet.pipeline..",
                            "io.freshet.learn..",
                            "io.freshet.model..");
}
